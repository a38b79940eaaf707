/** What becomes of a preview's connections: passed on both ways, cut by a pause, freed when somebody leaves. */
import { request as httpRequest } from "node:http";
import { expect, test } from "vitest";
import { rawRequest, rawUpgrade } from "../../support/raw-request";
import { previewStage, SWITCHING_PROTOCOLS } from "./preview-stage";

const HOST = "3000-iabc.e2b.localhost";

/** Echoes what a WebSocket says. */
const echoing = () =>
  previewStage(undefined, (server) =>
    server.on("upgrade", (_request, socket) => {
      socket.write(SWITCHING_PROTOCOLS);
      socket.on("error", () => undefined);
      socket.on("data", (bytes) => socket.write(`echo ${bytes}`));
    }),
  );

/** Never answers. */
const silent = () => previewStage(undefined, (server) => server.on("request", () => undefined));

async function upgradedThrough(port: number) {
  const outcome = await rawUpgrade(port, { host: HOST });
  if (outcome.kind !== "upgraded") throw new Error(`not upgraded: ${outcome.kind}`);
  return outcome.socket;
}

test("an upgraded connection carries bytes both ways, and its end frees the one behind it", async () => {
  const { port, upstream } = await echoing();
  const socket = await upgradedThrough(port);
  let heard = "";
  socket.on("data", (bytes) => {
    heard += String(bytes);
  });
  socket.write("hello");
  await expect.poll(() => heard).toBe("echo hello");
  expect(upstream.size).toBe(1);
  socket.destroy();
  await expect.poll(() => upstream.size).toBe(0);
});

test("a client that leaves before the answer frees its connection", async () => {
  const { port, upstream, reached } = await silent();
  const request = httpRequest({ host: "127.0.0.1", port, headers: { host: HOST }, agent: false });
  request.on("error", () => undefined);
  request.end();
  await expect.poll(() => reached).toHaveLength(1);
  expect(upstream.size).toBe(1);
  request.destroy();
  await expect.poll(() => upstream.size).toBe(0);
});

test("a client that leaves an upgrade before it is answered frees its connection", async () => {
  const { port, upstream, reached } = await previewStage(undefined, (server) =>
    server.on("upgrade", (_request, socket) => socket.resume()),
  );
  const request = httpRequest({
    host: "127.0.0.1",
    port,
    headers: { host: HOST, connection: "Upgrade", upgrade: "websocket" },
  });
  request.on("error", () => undefined);
  request.end();
  await expect.poll(() => reached).toHaveLength(1);
  request.destroy();
  await expect.poll(() => upstream.size).toBe(0);
});

test("a client that leaves while the sandbox wakes opens nothing in it", async () => {
  let wake = (): void => undefined;
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const { port, proxy, asked, reached } = await previewStage(async () => {
    await woken;
    return { kind: "open" };
  });
  const request = httpRequest({ host: "127.0.0.1", port, headers: { host: HOST }, agent: false });
  request.on("error", () => undefined);
  request.end();
  await expect.poll(() => asked).toHaveLength(1);
  request.destroy();
  const connections = () =>
    new Promise((resolve) => proxy.server.getConnections((_error, count) => resolve(count)));
  await expect.poll(connections).toBe(0);
  wake();
  expect((await rawRequest(port, { path: "/after", headers: { host: HOST } })).status).toBe(200);
  expect(reached).toEqual(["/after"]);
});

test("a cut ends what is open to that sandbox, on both sides, and nothing of another", async () => {
  const { port, proxy, upstream } = await echoing();
  const [mine, other] = [
    await upgradedThrough(port),
    await rawUpgrade(port, { host: "3000-iother.e2b.localhost" }),
  ];
  if (other.kind !== "upgraded") throw new Error("not upgraded");
  expect(upstream.size).toBe(2);
  proxy.cut("iabc");
  await expect.poll(() => mine.destroyed).toBe(true);
  await expect.poll(() => upstream.size).toBe(1);
  let heard = "";
  other.socket.on("data", (bytes) => {
    heard += String(bytes);
  });
  other.socket.write("still here");
  await expect.poll(() => heard).toBe("echo still here");
});

test("a cut ends a request that is not answered yet", async () => {
  const { port, proxy, reached, upstream } = await silent();
  const asking = rawRequest(port, { headers: { host: HOST } }).catch((error: Error) => error.message);
  await expect.poll(() => reached).toHaveLength(1);
  proxy.cut("iabc");
  expect(await asking).toBe("socket hang up");
  await expect.poll(() => upstream.size).toBe(0);
});

test("a server that breaks off before it answers is 502, and in the middle cuts the connection", async () => {
  const early = await previewStage(undefined, (server) =>
    server.on("request", (request) => request.socket.destroy()),
  );
  expect((await rawRequest(early.port, { headers: { host: HOST } })).status).toBe(502);
  const late = await previewStage(undefined, (server) =>
    server.on("request", (request, response) => {
      response.write("half");
      setImmediate(() => request.socket.destroy());
    }),
  );
  await expect(rawRequest(late.port, { headers: { host: HOST } })).rejects.toThrow();
});

test("a server that refuses an upgrade is heard", async () => {
  const { port } = await previewStage(undefined, (server) =>
    server.on("upgrade", (_request, socket) =>
      socket.end("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n"),
    ),
  );
  expect(await rawUpgrade(port, { host: HOST })).toEqual({ kind: "answered", status: 401 });
});

test("faults befall requests and upgrades before and after the server is reached", async () => {
  const stage = await echoing();
  const next = { kind: "next", count: 1 } as const;
  const meet = async (
    kind: "preview" | "preview-upgrade",
    fault: Parameters<typeof stage.faults.add>[0]["fault"],
  ) => {
    stage.faults.add({ site: kind, when: next, fault });
    if (kind === "preview-upgrade") return rawUpgrade(stage.port, { host: HOST });
    return rawRequest(stage.port, { headers: { host: HOST } }).catch((error: Error) => error.message);
  };
  expect(await meet("preview", { kind: "error-before", status: 502 })).toMatchObject({ status: 502 });
  expect(await meet("preview", { kind: "drop-before" })).toBe("socket hang up");
  expect(await meet("preview-upgrade", { kind: "error-before", status: 503 })).toEqual({
    kind: "answered",
    status: 503,
  });
  expect(await meet("preview-upgrade", { kind: "drop-before" })).toEqual({ kind: "cut" });
  expect([stage.reached, stage.upstream.size]).toEqual([[], 0]);
  expect(await meet("preview-upgrade", { kind: "drop-after" })).toEqual({ kind: "cut" });
  const delayed = await meet("preview-upgrade", { kind: "delay", minMs: 1, maxMs: 2 });
  expect(delayed).toMatchObject({ kind: "upgraded" });
});

test("§3.6 a server that breaks off an upgrade before it answers is E2B's 502, not a cut", async () => {
  const { port } = await previewStage(undefined, (server) =>
    server.on("upgrade", (_request, socket) => socket.destroy()),
  );
  expect(await rawUpgrade(port, { host: HOST })).toEqual({ kind: "answered", status: 502 });
});

test("§3.6 and one that breaks off in the middle of its answer cuts the connection, with nothing put behind it", async () => {
  const { port } = await previewStage(undefined, (server) =>
    server.on("upgrade", (_request, socket) => {
      socket.write(SWITCHING_PROTOCOLS);
      socket.once("data", () => socket.write("half", () => socket.destroy()));
    }),
  );
  const socket = await upgradedThrough(port);
  let heard = "";
  socket.on("data", (bytes) => {
    heard += String(bytes);
  });
  socket.write("go on");
  await expect.poll(() => socket.destroyed).toBe(true);
  expect(heard).toBe("half");
});
