/**
 * Owns a loopback server that speaks just enough of E2B's control plane to misbehave in a chosen way, and that
 * remembers what it was asked. For tests of the adapter only.
 */
import { createServer, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { e2bSandboxes } from "@/lib/sandbox/e2b";

export type Answer =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Record<string, string>;
    }
  | { readonly kind: "text"; readonly status: number; readonly text: string }
  | { readonly kind: "hang" }
  | { readonly kind: "drop" };

export type Call = "create" | "connect" | "pause" | "timeout" | "get" | "list" | "kill";

/** E2B's form of an error: the SDK reads `code` in the body. */
export const refusal = (
  status: number,
  message = "CANARY-body",
  headers: Record<string, string> = {},
): Answer => ({
  kind: "answer",
  status,
  body: { code: status, message },
  headers,
});
export const hang: Answer = { kind: "hang" };
export const drop: Answer = { kind: "drop" };
export const done: Answer = { kind: "answer", status: 204 };

export const sandboxId = "icanary00000000000000";
export const startedAt = Date.UTC(2026, 0, 1, 12);
export const endsAt = startedAt + 600_000;

/** What E2B knows of the sandbox. */
export const known = (fields: Record<string, unknown> = {}): Answer => ({
  kind: "answer",
  status: 200,
  body: detail(fields),
});

export const created = (id = sandboxId): Answer => ({
  kind: "answer",
  status: 201,
  body: { ...detail({}), sandboxID: id, envdAccessToken: "CANARY-envd-token" },
});

export const listed = (count: number): Answer => ({
  kind: "answer",
  status: 200,
  body: Array.from({ length: count }, (_, index) => detail({ sandboxID: `irunning${index}` })),
});

export const apiKey = "e2b_CANARYkey0000000000000000000000000000000";

/** Longer than a busy machine needs for any answer; a test in which none comes would wait for it, and asks for less. */
const AMPLE_MS = 30_000;
const SHORT_MS = 300;

export async function against(
  plan: Partial<Record<Call, Answer | readonly Answer[]>>,
  planConcurrency = 20,
  requestDeadlineMs = Object.values(plan).flat().includes(hang) ? SHORT_MS : AMPLE_MS,
) {
  const seen: { call: Call; path: string; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += String(chunk);
    });
    request.on("end", () => {
      const path = new URL(String(request.url), "http://x").pathname;
      const call = callOf(String(request.method), path);
      const nth = seen.filter((earlier) => earlier.call === call).length;
      seen.push({ call, path, body });
      const answers = [plan[call] ?? refusal(500)].flat();
      give(response, answers[Math.min(nth, answers.length - 1)] ?? hang);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  const url = `http://127.0.0.1:${address.port}`;
  const sandboxes = e2bSandboxes({
    apiKey,
    apiUrl: url,
    sandboxUrl: url,
    domain: "preview.test",
    template: "base",
    keepAliveMs: 60_000,
    planConcurrency,
    requestDeadlineMs,
  });
  return { sandboxes, seen, close };
}

function detail(fields: Record<string, unknown>) {
  return {
    templateID: "base",
    sandboxID: sandboxId,
    clientID: "test",
    envdVersion: "0.6.13",
    startedAt: new Date(startedAt).toISOString(),
    endAt: new Date(endsAt).toISOString(),
    state: "running",
    cpuCount: 2,
    memoryMB: 512,
    diskSizeMB: 1024,
    metadata: {},
    ...fields,
  };
}

function callOf(method: string, path: string): Call {
  if (method === "DELETE") return "kill";
  if (path.endsWith("/connect")) return "connect";
  if (path.endsWith("/pause")) return "pause";
  if (path.endsWith("/timeout")) return "timeout";
  if (path === "/v2/sandboxes") return method === "POST" ? "create" : "list";
  return "get";
}

function give(response: ServerResponse, answer: Answer): void {
  switch (answer.kind) {
    case "hang":
      return;
    case "drop":
      response.socket?.destroy();
      return;
    case "text":
      response.writeHead(answer.status, { "content-type": "text/html" });
      response.end(answer.text);
      return;
    case "answer":
      response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
      response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
  }
}
