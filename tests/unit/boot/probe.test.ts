/** What counts as a dev server's answer, asked of real servers on loopback. */
import { createServer, type RequestListener } from "node:http";
import { createServer as createSocketServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { probe } from "@/lib/boot/probe";

const open: Server[] = [];
const DEADLINE_MS = 5000;

afterEach(async () => {
  for (const server of open.splice(0)) await new Promise((resolve) => server.close(resolve));
});

test.each([200, 204, 302, 401, 404, 500, 503])("status %i from the server is an answer", async (status) => {
  const address = await serve((_request, response) => response.writeHead(status, { location: "/" }).end());
  expect(await probe(`http://${address}/`, { deadlineMs: DEADLINE_MS })).toEqual({ kind: "answers", status });
});

test("a 502 of the proxy that names the port says that nothing listens there", async () => {
  const address = await serveJson(502, {
    sandboxId: "iabc",
    message: "The sandbox is running but port is not open",
    port: 3000,
    code: 502,
  });
  expect(await probe(`http://${address}/`, { deadlineMs: DEADLINE_MS })).toEqual({ kind: "port-closed" });
});

test("a 502 of the proxy without a port says that the sandbox does not run", async () => {
  const address = await serveJson(502, {
    sandboxId: "iabc",
    message: "The sandbox was not found",
    code: 502,
  });
  expect(await probe(`http://${address}/`, { deadlineMs: DEADLINE_MS })).toEqual({ kind: "not-running" });
});

test("a 409 of the proxy, whose sandbox is in a transition, is not an answer", async () => {
  const address = await serveJson(409, { sandboxId: "iabc", message: "still transitioning", code: 409 });
  expect(await probe(`http://${address}/`, { deadlineMs: DEADLINE_MS })).toEqual({ kind: "unreachable" });
});

test.each([
  ["a page", "text/html", "<h1>Bad gateway</h1>"],
  ["JSON that names no sandbox", "application/json", '{"error":"upstream"}'],
  ["JSON that is no object", "application/json", "null"],
])("a dev server's own 502 with %s is an answer", async (_name, type, body) => {
  const address = await serve((_request, response) =>
    response.writeHead(502, { "content-type": type }).end(body),
  );
  expect(await probe(`http://${address}/`, { deadlineMs: DEADLINE_MS })).toEqual({
    kind: "answers",
    status: 502,
  });
});

test("a dev server's own 409 is an answer", async () => {
  const address = await serveJson(409, { error: "conflict" });
  expect(await probe(`http://${address}/`, { deadlineMs: DEADLINE_MS })).toEqual({
    kind: "answers",
    status: 409,
  });
});

test("the proxy is never asked for its page for people, which could not be told from the server's own", async () => {
  let accept: string | undefined;
  const address = await serve((request, response) => {
    accept = request.headers.accept;
    response.end();
  });
  await probe(`http://${address}/`, { deadlineMs: DEADLINE_MS });
  expect(accept).toContain("application/json");
  expect(accept).not.toContain("text/html");
});

test("a page that never ends answers with its head", async () => {
  const address = await serve((_request, response) => {
    response.write("the first of many lines\n");
  });
  expect(await probe(`http://${address}/`, { deadlineMs: DEADLINE_MS })).toEqual({
    kind: "answers",
    status: 200,
  });
});

test("a redirect is an answer and is not followed", async () => {
  const asked: (string | undefined)[] = [];
  const address = await serve((request, response) => {
    asked.push(request.url);
    response.writeHead(307, { location: "/elsewhere" }).end();
  });
  await probe(`http://${address}/`, { deadlineMs: DEADLINE_MS });
  expect(asked).toEqual(["/"]);
});

test("connectTo changes where it connects and keeps the Host of the preview's address, with path and query", async () => {
  let seen: { host: string | undefined; url: string | undefined } | undefined;
  const address = await serve((request, response) => {
    seen = { host: request.headers.host, url: request.url };
    response.end();
  });
  const result = await probe("http://3000-iabc.preview.invalid:8080/start?from=probe", {
    connectTo: address,
    deadlineMs: DEADLINE_MS,
  });
  expect(result).toEqual({ kind: "answers", status: 200 });
  expect(seen).toEqual({ host: "3000-iabc.preview.invalid:8080", url: "/start?from=probe" });
});

test("a port that refuses the connection is unreachable", async () => {
  const address = await serve((_request, response) => response.end());
  await new Promise((resolve) => open.pop()?.close(resolve));
  expect(await probe(`http://${address}/`, { deadlineMs: DEADLINE_MS })).toEqual({ kind: "unreachable" });
});

test("a name that does not resolve is unreachable", async () => {
  const result = await probe("http://3000-iabc.preview.invalid/", { deadlineMs: DEADLINE_MS });
  expect(result).toEqual({ kind: "unreachable" });
});

test("a server that accepts and never answers is unreachable at the deadline", async () => {
  const address = await listen(silentServer());
  expect(await probe(`http://${address}/`, { deadlineMs: 50 })).toEqual({ kind: "unreachable" });
});

test("a proxy that stops in the middle of its 502 is unreachable at the deadline", async () => {
  const address = await serve((_request, response) => {
    response.writeHead(502).write('{"sandboxId":');
  });
  expect(await probe(`http://${address}/`, { deadlineMs: 200 })).toEqual({ kind: "unreachable" });
});

test("a deadline that has already passed is unreachable, not an error", async () => {
  const address = await listen(silentServer());
  expect(await probe(`http://${address}/`, { deadlineMs: -1 })).toEqual({ kind: "unreachable" });
});

/** Accepts, reads and says nothing. */
function silentServer(): Server {
  return createSocketServer((socket) => socket.on("error", () => socket.destroy()).resume());
}

function serve(listener: RequestListener): Promise<string> {
  return listen(createServer(listener));
}

function serveJson(status: number, body: unknown): Promise<string> {
  return serve((_request, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(server);
  const address = server.address();
  if (!address || typeof address === "string") throw new Error("not a TCP server");
  return `127.0.0.1:${address.port}`;
}
