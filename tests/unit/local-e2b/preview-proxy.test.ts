/** Who reaches a preview and how the others are answered, by the rows of e2b.md §3.6. */
import { expect, test } from "vitest";
import type { Admission } from "@/lib/local/e2b/semantics/admission";
import { ApiError } from "@/lib/local/e2b/semantics/api-error";
import { rawRequest, rawUpgrade } from "../../support/raw-request";
import { previewStage, SWITCHING_PROTOCOLS } from "./preview-stage";

const HOST = "3000-iabc.e2b.localhost:8080";
const LIMIT = "you have reached the maximum number of concurrent E2B sandboxes (20)";

const REFUSED: [string, Admission, number, string][] = [
  ["not found", { kind: "not-found" }, 502, "The sandbox was not found"],
  ["changing", { kind: "changing" }, 409, "still transitioning"],
  ["forbidden", { kind: "forbidden" }, 403, "'e2b-traffic-access-token' is missing"],
  ["over the limit", { kind: "over-limit", error: new ApiError(429, LIMIT) }, 429, LIMIT],
];

test.each(REFUSED)(
  "§3.6 %s: JSON for programs, a page for browsers, a status for WebSockets",
  async (...row) => {
    const [, admission, status, message] = row;
    const { port, reached } = await previewStage(async () => admission);
    const json = await rawRequest(port, { headers: { host: HOST } });
    expect(json.status).toBe(status);
    const body: unknown = JSON.parse(json.text);
    expect(body).toEqual({ sandboxId: "iabc", message: expect.stringContaining(message), code: status });
    const page = await rawRequest(port, { headers: { host: HOST, "sec-fetch-mode": "navigate" } });
    expect([page.status, page.headers["content-type"]]).toEqual([status, "text/html; charset=utf-8"]);
    expect(page.text).toContain("Sandbox iabc");
    expect(await rawUpgrade(port, { host: HOST })).toEqual({ kind: "answered", status });
    expect(reached).toEqual([]);
  },
);

test("§3.6 a closed port is 502 and names the port, for WebSockets too", async () => {
  const { port } = await previewStage();
  const host = "4000-iabc.e2b.localhost";
  const { status, text } = await rawRequest(port, { headers: { host } });
  expect([status, JSON.parse(text)]).toEqual([
    502,
    { sandboxId: "iabc", message: "The sandbox is running but port is not open", port: 4000, code: 502 },
  ]);
  expect(await rawUpgrade(port, { host })).toEqual({ kind: "answered", status: 502 });
});

test.each([
  ["a navigation", { "sec-fetch-mode": "navigate" }, "html"],
  [
    "a script's fetch in a browser",
    { "sec-fetch-mode": "cors", accept: "text/html", "user-agent": "Mozilla" },
    "json",
  ],
  ["a client that wants HTML", { accept: "text/html,*/*" }, "html"],
  ["a client that wants JSON", { accept: "application/json", "user-agent": "Mozilla/5.0" }, "json"],
  ["an old browser", { accept: "*/*", "user-agent": "Mozilla/5.0 (X11) Firefox/60" }, "html"],
  ["curl", { accept: "*/*", "user-agent": "curl/8" }, "json"],
])("§3.6 %s is answered in its own form", async (_name, headers, form) => {
  const { port } = await previewStage(async () => ({ kind: "not-found" }));
  const answer = await rawRequest(port, { headers: { host: HOST, ...headers } });
  expect(answer.headers["content-type"]).toContain(form);
});

test("§3.6 the traffic token is passed to the cloud, and a wrong one is told from a missing one", async () => {
  const isRight = (token: string | undefined) => token === "right";
  const { port, asked } = await previewStage(async (_id, traffic) =>
    traffic.kind === "preview" && isRight(traffic.accessToken) ? { kind: "open" } : { kind: "forbidden" },
  );
  const withToken = (token: string) => ({ host: HOST, "e2b-traffic-access-token": token });
  const wrong = await rawRequest(port, { headers: withToken("wrong") });
  expect([wrong.status, wrong.text.includes("is invalid")]).toEqual([403, true]);
  expect((await rawRequest(port, { headers: withToken("right") })).text).toBe("answer to /");
  expect(await rawUpgrade(port, withToken("wrong"))).toEqual({ kind: "answered", status: 403 });
  expect(asked.map(({ traffic }) => traffic)).toEqual(
    ["wrong", "right", "wrong"].map((accessToken) => ({ kind: "preview", accessToken })),
  );
});

test("§2.6 the first request waits for a sandbox that it wakes, and then goes on; an upgrade too", async () => {
  let wake = (): void => undefined;
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const { port, reached, asked } = await previewStage(
    async () => {
      await woken;
      return { kind: "open" };
    },
    (server) => {
      server.on("request", (request, response) => request.pipe(response));
      server.on("upgrade", (_request, socket) => socket.end(SWITCHING_PROTOCOLS));
    },
  );
  const posting = rawRequest(port, { method: "POST", path: "/save", headers: { host: HOST }, body: "kept" });
  const upgrading = rawUpgrade(port, { host: HOST });
  await expect.poll(() => asked).toHaveLength(2);
  expect(reached).toEqual([]);
  wake();
  expect(await posting).toMatchObject({ status: 200, text: "kept" });
  expect(await upgrading).toMatchObject({ kind: "upgraded" });
});

test("§3.6 hosts are read whatever their case, and a client's id behind the sandbox's is ignored", async () => {
  const { port, asked } = await previewStage();
  for (const host of ["3000-IABC.E2B.localhost", "3000-iabc-6532622b.e2b.localhost"]) {
    expect((await rawRequest(port, { headers: { host } })).status).toBe(200);
  }
  expect(asked.map(({ sandboxId }) => sandboxId)).toEqual(["iabc", "iabc"]);
});

const ROUTED = { "e2b-sandbox-id": "iabc", "e2b-sandbox-port": "3000" };

test.each(["localhost:8080", "127.0.0.1", "[::1]:8080", "sandbox.e2b.localhost:8080"])(
  "§3.6 headers name the preview under the host %s",
  async (host) => {
    const { port } = await previewStage();
    expect((await rawRequest(port, { path: "/x", headers: { host, ...ROUTED } })).text).toBe("answer to /x");
  },
);

test.each(["evil.example", "sandbox.evil.example", "192.168.0.1", "e2b.localhost", "localhost.evil.example"])(
  "§3.6 headers name nothing under the host %s",
  async (host) => {
    const { port, asked } = await previewStage();
    expect((await rawRequest(port, { headers: { host, ...ROUTED } })).status).toBe(421);
    expect(await rawUpgrade(port, { host, ...ROUTED })).toEqual({ kind: "answered", status: 421 });
    expect(asked).toEqual([]);
  },
);

test.each([
  ["the id missing", { "e2b-sandbox-port": "3000" }, "Missing header: E2b-Sandbox-Id"],
  ["the port missing", { "e2b-sandbox-id": "iabc" }, "Missing header: E2b-Sandbox-Port"],
  ["a port that is none", { ...ROUTED, "e2b-sandbox-port": "70000" }, "Invalid sandbox port"],
  ["an id that is none", { ...ROUTED, "e2b-sandbox-id": "<script>" }, "Invalid sandbox id"],
])("§3.6 headers with %s are 400", async (_name, headers, message) => {
  const { port, asked } = await previewStage();
  const answer = await rawRequest(port, { headers: { host: "localhost", ...headers } });
  expect([answer.status, JSON.parse(answer.text)]).toEqual([400, { code: 400, message }]);
  expect(asked).toEqual([]);
});

test("a host wins over headers that name another sandbox", async () => {
  const { port, asked } = await previewStage();
  await rawRequest(port, { headers: { host: HOST, ...ROUTED, "e2b-sandbox-id": "iother" } });
  expect(asked.map(({ sandboxId }) => sandboxId)).toEqual(["iabc"]);
});

test("envd's port is 501 on the preview port, by host and by headers, and is logged", async () => {
  const { port, asked, warnings } = await previewStage();
  const byHost = { host: "49983-iabc.e2b.localhost" };
  const byHeaders = { host: "localhost", ...ROUTED, "e2b-sandbox-port": "49983" };
  for (const headers of [byHost, byHeaders]) {
    expect((await rawRequest(port, { path: "/health", headers })).status).toBe(501);
    expect(await rawUpgrade(port, headers)).toEqual({ kind: "answered", status: 501 });
  }
  expect([asked, warnings.length]).toEqual([[], 4]);
});

test("an upgrade to anything but WebSocket is 501 and does not reach the sandbox", async () => {
  const { port, reached } = await previewStage();
  const outcome = await rawUpgrade(port, { host: HOST, upgrade: "h2c" });
  expect([outcome, reached]).toEqual([{ kind: "answered", status: 501 }, []]);
});
