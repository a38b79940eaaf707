/** Preview addresses, by rows of e2b.md §3.6, and many sandboxes that want the same port. */
import type { Socket } from "node:net";
import { Sandbox } from "e2b";
import { expect, test } from "vitest";
import type { LocalE2b } from "@/lib/local/e2b/start-e2b";
import { rawUpgrade } from "../../support/raw-request";
import { askPreview, PATIENT, standIn, startInBackground } from "./stand-in";

const serverSaying = (text: string) =>
  `const server = require("node:http").createServer((request, response) => response.end(${JSON.stringify(text)}));
   server.listen(process.env.PORT || 3000, () => console.log(JSON.stringify(server.address())));`;

test("two sandboxes on port 3000 at once answer each for itself, and believe to have that port", async () => {
  const { local, sdk } = await standIn();
  const sandboxes = await Promise.all(["one", "two"].map(() => Sandbox.create(sdk)));
  for (const [at, sandbox] of sandboxes.entries()) {
    await sandbox.files.write("server.cjs", serverSaying(`sandbox ${at}`));
    await startInBackground(sandbox, "node server.cjs > log 2>&1");
  }
  for (const [at, sandbox] of sandboxes.entries()) {
    const body = async () => (await askPreview(local, sandbox.getHost(3000))).body;
    await expect.poll(body, PATIENT).toBe(`sandbox ${at}`);
    expect(JSON.parse(await sandbox.files.read("log"))).toMatchObject({ address: "::", port: 3000 });
  }
});

test("a second server on the same port of a sandbox gets EADDRINUSE, and the port is free after a kill", async () => {
  const { local, sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.write("server.cjs", serverSaying("it is up"));
  const pid = await startInBackground(sandbox, "exec node server.cjs");
  const status = async () => (await askPreview(local, sandbox.getHost(3000))).status;
  await expect.poll(status, PATIENT).toBe(200);
  await expect(sandbox.commands.run("node server.cjs")).rejects.toMatchObject({
    stderr: expect.stringContaining("listen EADDRINUSE: address already in use :::3000"),
  });
  await sandbox.commands.kill(pid);
  await expect.poll(status, PATIENT).toBe(502);
  await startInBackground(sandbox, "exec node server.cjs");
  await expect.poll(status, PATIENT).toBe(200);
});

test("Node in a sandbox reaches the sandbox's own port, from any child and whatever form of listen", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.write("server.cjs", serverSaying("from inside"));
  await sandbox.files.write(
    "client.mjs",
    `console.log(await (await fetch("http://localhost:4123/")).text());`,
  );
  await startInBackground(sandbox, "PORT=4123 npm exec -c 'node server.cjs'");
  const ask = async () => (await sandbox.commands.run("node client.mjs").catch(String)).toString();
  await expect.poll(ask, PATIENT).not.toContain("Error");
  expect((await sandbox.commands.run("node client.mjs")).stdout).toBe("from inside\n");
});

test("workers of a cluster share the port that their primary was given", async () => {
  const { local, sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.write(
    "server.cjs",
    `const cluster = require("node:cluster");
     if (cluster.isPrimary) { cluster.fork(); cluster.fork(); }
     else require("node:http").createServer((request, response) => response.end("worker " + cluster.worker.id)).listen(3000);`,
  );
  await startInBackground(sandbox, "node server.cjs");
  const seen = new Set<string>();
  const bothAnswer = async () => seen.add((await askPreview(local, sandbox.getHost(3000))).body);
  await expect
    .poll(async () => [...(await bothAnswer())].sort(), PATIENT)
    .toEqual(expect.arrayContaining(["worker 1", "worker 2"]));
});

test("a sandbox's own NODE_OPTIONS are kept beside the preload", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create({ ...sdk, envs: { NODE_OPTIONS: "--max-old-space-size=123" } });
  const { stdout } = await sandbox.commands.run(
    `node -p '[v8.getHeapStatistics().heap_size_limit < 4e8, net.Server.prototype.listen.name].join()'`,
  );
  expect(stdout).toBe("true,mappedListen\n");
});

test("§3.6 a port nobody listens on is 502 and says so, as JSON or as a page", async () => {
  const { local, sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const json = await askPreview(local, sandbox.getHost(3000));
  expect([json.status, JSON.parse(json.body)]).toEqual([
    502,
    {
      sandboxId: sandbox.sandboxId,
      message: "The sandbox is running but port is not open",
      port: 3000,
      code: 502,
    },
  ]);
  const page = await askPreview(local, sandbox.getHost(3000), { accept: "text/html,*/*" });
  expect(page.headers["content-type"]).toContain("text/html");
  expect(page.body).toContain("port is not open");
});

test("§3.6 a sandbox that is paused or unknown is 502 not found, and asking does not wake it", async () => {
  const { local, sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.pause();
  for (const host of [sandbox.getHost(3000), `3000-imissing.${local.domain}`]) {
    const { status, body } = await askPreview(local, host);
    expect([status, JSON.parse(body).message]).toEqual([502, "The sandbox was not found"]);
  }
  expect((await sandbox.getInfo()).state).toBe("paused");
});

test.each([
  "127.0.0.1",
  "localhost",
  "evil.example",
  "3000-iabc.e2b.localhost.evil.example",
  "x-iabc.e2b.localhost",
])("the preview port serves no other host: %s", async (host) => {
  const { local } = await standIn();
  expect((await askPreview(local, host)).status).toBe(421);
});

/** On port 3000, over WebSockets; resolves when it listens. */
async function startEcho(sandbox: Sandbox): Promise<void> {
  await sandbox.files.write(
    "server.cjs",
    `require("node:http").createServer().on("upgrade", (request, socket) => {
       socket.write("HTTP/1.1 101 Switching Protocols\\r\\nconnection: Upgrade\\r\\nupgrade: websocket\\r\\n\\r\\n");
       socket.on("error", () => {});
       socket.on("data", (bytes) => socket.write("echo " + bytes + " for " + request.headers.host));
     }).listen({ port: 3000, host: "0.0.0.0" }, () => console.log("ready"));`,
  );
  const handle = await sandbox.commands.run("node server.cjs", { background: true, timeoutMs: 0 });
  await expect.poll(() => handle.stdout, PATIENT).toContain("ready");
  await handle.disconnect();
}

async function upgradeTo(local: LocalE2b, host: string): Promise<Socket> {
  const outcome = await rawUpgrade(local.previewPort, { host });
  if (outcome.kind !== "upgraded") throw new Error(`not upgraded: ${outcome.kind}`);
  return outcome.socket;
}

test("a WebSocket upgrade passes, and a pause cuts it", async () => {
  const { local, sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await startEcho(sandbox);
  const host = sandbox.getHost(3000);
  const socket = await upgradeTo(local, host);
  let heard = "";
  socket.on("data", (bytes) => {
    heard += String(bytes);
  });
  socket.write("hello");
  await expect.poll(() => heard, PATIENT).toBe(`echo hello for ${host}`);
  await sandbox.pause();
  await expect.poll(() => socket.destroyed, PATIENT).toBe(true);
});

test("the stand-in's end does not wait for open WebSockets", async () => {
  const { local, sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await startEcho(sandbox);
  const socket = await upgradeTo(local, sandbox.getHost(3000));
  await local.stop();
  await expect.poll(() => socket.destroyed, PATIENT).toBe(true);
});
