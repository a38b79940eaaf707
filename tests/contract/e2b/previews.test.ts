/** Preview addresses, by rows of e2b.md §3.6, and many sandboxes that want the same port. */
import type { Socket } from "node:net";
import { Sandbox } from "e2b";
import { expect, test } from "vitest";
import type { LocalE2b } from "@/lib/local/e2b/start-e2b";
import { rawUpgrade } from "../../support/raw-request";
import { askPreview, COUNTING_SERVER, PATIENT, standIn, startInBackground } from "./stand-in";

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

test("§2.6 a preview request wakes a sandbox that wants it, and is answered by the same process", async () => {
  const { local, sdk } = await standIn();
  const lifecycle = { onTimeout: "pause", autoResume: true } as const;
  const sandbox = await Sandbox.create({ ...sdk, lifecycle });
  await sandbox.files.write("server.cjs", COUNTING_SERVER);
  await startInBackground(sandbox, "node server.cjs");
  const ask = async () => (await askPreview(local, sandbox.getHost(3000))).body;
  await expect.poll(ask, PATIENT).toContain("nonce");
  const { nonce } = JSON.parse(await ask());
  await sandbox.pause();
  expect(JSON.parse(await ask())).toMatchObject({ nonce });
  expect((await sandbox.getInfo()).state).toBe("running");
});

test("§2.6 an upgrade wakes a sandbox as well, and so does envd's health", async () => {
  const { local, sdk } = await standIn();
  const lifecycle = { onTimeout: "pause", autoResume: true } as const;
  const sandbox = await Sandbox.create({ ...sdk, lifecycle });
  await startEcho(sandbox);
  await sandbox.pause();
  (await upgradeTo(local, sandbox.getHost(3000))).destroy();
  expect((await sandbox.getInfo()).state).toBe("running");
  await sandbox.pause();
  expect(await sandbox.isRunning()).toBe(true);
  expect((await sandbox.getInfo()).state).toBe("running");
});

test("§3.6 without public traffic a preview wants the sandbox's token, upgrades too", async () => {
  const { local, sdk } = await standIn();
  const sandbox = await Sandbox.create({ ...sdk, network: { allowPublicTraffic: false } });
  await startEcho(sandbox);
  const host = sandbox.getHost(3000);
  const statusWith = async (headers: Record<string, string>) =>
    (await askPreview(local, host, headers)).status;
  expect(await statusWith({})).toBe(403);
  expect(await statusWith({ "e2b-traffic-access-token": "wrong" })).toBe(403);
  expect(await rawUpgrade(local.previewPort, { host })).toEqual({ kind: "answered", status: 403 });
  const token = { "e2b-traffic-access-token": sandbox.trafficAccessToken ?? "" };
  expect((await rawUpgrade(local.previewPort, { host, ...token })).kind).toBe("upgraded");
});

test("§2.6 a sandbox that would be woken past the plan's limit is 429", async () => {
  const { local, sdk } = await standIn({ plan: { maxConcurrent: 1 } });
  const lifecycle = { onTimeout: "pause", autoResume: true } as const;
  const sandbox = await Sandbox.create({ ...sdk, lifecycle });
  await sandbox.pause();
  await Sandbox.create(sdk);
  const { status, body } = await askPreview(local, sandbox.getHost(3000));
  expect([status, JSON.parse(body)]).toEqual([
    429,
    {
      sandboxId: sandbox.sandboxId,
      code: 429,
      message: expect.stringContaining("maximum number of concurrent"),
    },
  ]);
});
