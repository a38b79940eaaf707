/** The browser's calls against a real server: every one ends in a value. */
import { createServer, type IncomingMessage } from "node:http";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "@/lib/clock";
import { previewApi } from "@/lib/react/preview-api";
import { viewOf } from "./views";

const endings: Array<() => void> = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
});

interface Reply {
  readonly status: number;
  readonly body: string;
}

async function apiWith(reply: (request: IncomingMessage) => Reply) {
  const server = createServer((request, response) => {
    const { status, body } = reply(request);
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endings.push(() => server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return previewApi(`http://127.0.0.1:${address.port}/api/previews`, "a/b", systemClock);
}

test("a view comes with the times of its call", async () => {
  const api = await apiWith(() => ({ status: 200, body: JSON.stringify(viewOf()) }));
  const answer = await api.status();
  expect(answer).toMatchObject({ kind: "view", view: viewOf() });
  if (answer.kind === "view") expect(answer.receivedAt).toBeGreaterThanOrEqual(answer.sentAt);
});

test("the project's id cannot lead to another route", async () => {
  const paths: string[] = [];
  const api = await apiWith(({ url = "" }) => {
    paths.push(url);
    return { status: 200, body: JSON.stringify(viewOf()) };
  });
  await api.beat("viewer");
  expect(paths).toEqual(["/api/previews/a%2Fb/beat"]);
});

test("an acting call is a post of JSON", async () => {
  const seen: Array<string | undefined> = [];
  const api = await apiWith(({ method, headers }) => {
    seen.push(method, headers["content-type"]);
    return { status: 200, body: JSON.stringify(viewOf()) };
  });
  await api.open("viewer");
  expect(seen).toEqual(["POST", "application/json"]);
});

test("the history is asked for by a look, which changes nothing", async () => {
  const history = { why: ["Running for 1 min."], entries: [{ at: 1, title: "Running", detail: "Resumed." }] };
  const seen: Array<string | undefined> = [];
  const api = await apiWith(({ method, url }) => {
    seen.push(method, url);
    return { status: 200, body: JSON.stringify(history) };
  });
  expect(await api.history()).toEqual({ kind: "history", history });
  expect(seen).toEqual(["GET", "/api/previews/a%2Fb/history"]);
});

test.each([
  ["a view instead of it", { status: 200, body: JSON.stringify(viewOf()) }, { kind: "unreachable" }],
  [
    "a refusal",
    { status: 404, body: '{"error":{"code":"not-found","message":"No such preview."}}' },
    { kind: "refused", code: "not-found", message: "No such preview.", retriable: false },
  ],
])("a history that did not come is told: %s", async (_, reply, answer) => {
  const api = await apiWith(() => reply);
  expect(await api.history()).toEqual(answer);
});

test("a refusal keeps the server's sentence and whether a retry helps", async () => {
  const error = { code: "store-unreachable", message: "The state store did not answer.", retriable: true };
  const api = await apiWith(() => ({ status: 503, body: JSON.stringify({ error }) }));
  expect(await api.status()).toEqual({ kind: "refused", ...error });
});

test.each([
  ["a proxy's page", { status: 502, body: "<h1>Bad gateway</h1>" }],
  ["an answer of another product", { status: 200, body: '{"hello":"world"}' }],
  ["an error of another shape", { status: 500, body: '{"oops":true}' }],
])("%s counts as no answer", async (_, reply) => {
  const api = await apiWith(() => reply);
  expect(await api.status()).toEqual({ kind: "unreachable" });
});

test("a server that is not there counts as no answer", async () => {
  const api = await apiWith(() => ({ status: 200, body: "" }));
  for (const end of endings.splice(0)) end();
  expect(await api.status()).toEqual({ kind: "unreachable" });
});
