/**
 * Owns a loopback server that speaks just enough of Upstash's REST protocol to misbehave in a chosen way, and that
 * remembers what it was sent. For tests of the client only.
 */
import { createServer, type ServerResponse } from "node:http";

export type Misbehaviour =
  | { readonly kind: "hang" }
  | { readonly kind: "hang-after-headers" }
  | { readonly kind: "drop" }
  | { readonly kind: "answer"; readonly status: number; readonly body: string };

export interface SeenRequest {
  readonly path: string;
  /** Upper-case names of the commands in it. */
  readonly commands: readonly string[];
}

export interface MisbehavingServer {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  close(): Promise<void>;
}

/** Takes the nth misbehaviour for the nth request, and the last one from then on. */
export async function startMisbehaving(...plan: readonly Misbehaviour[]): Promise<MisbehavingServer> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => {
      text += String(chunk);
    });
    request.on("end", () => {
      const next = plan[Math.min(seen.length, plan.length - 1)];
      seen.push({ path: request.url ?? "", commands: commandNames(JSON.parse(text)) });
      if (next !== undefined) misbehave(response, next);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** One answer of a pipeline, in the base64 form that the SDK asks for. */
export const replying = (result: unknown): Misbehaviour => ({
  kind: "answer",
  status: 200,
  body: JSON.stringify([{ result: encoded(result) }]),
});

export const refusing = (error: string): Misbehaviour => ({
  kind: "answer",
  status: 200,
  body: JSON.stringify([{ error }]),
});

function encoded(value: unknown): unknown {
  if (typeof value === "string") return Buffer.from(value, "utf8").toString("base64");
  return Array.isArray(value) ? value.map(encoded) : value;
}

function commandNames(body: unknown): string[] {
  if (!Array.isArray(body)) return [];
  const commands: unknown[] = Array.isArray(body[0]) ? body : [body];
  return commands.map((command) => (Array.isArray(command) ? String(command[0]).toUpperCase() : "?"));
}

function misbehave(response: ServerResponse, how: Misbehaviour): void {
  switch (how.kind) {
    case "hang":
      return;
    case "hang-after-headers":
      response.writeHead(200, { "content-type": "application/json" });
      response.write("[");
      return;
    case "drop":
      response.socket?.destroy();
      return;
    case "answer":
      response.writeHead(how.status, { "content-type": "application/json" });
      response.end(how.body);
  }
}
