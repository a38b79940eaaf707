/** Preview addresses, by rows of e2b.md §3.6, and many sandboxes that want the same port. */
import { request as httpRequest } from "node:http";
import { Sandbox } from "e2b";
import { expect, test } from "vitest";
import { askPreview, PATIENT, standIn } from "./stand-in";

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

test("a WebSocket upgrade passes, and a pause cuts it", async () => {
  const { local, sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
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

  const host = sandbox.getHost(3000);
  const request = httpRequest({
    host: "127.0.0.1",
    port: local.previewPort,
    headers: { host, connection: "Upgrade", upgrade: "websocket" },
  });
  request.end();
  let heard = "";
  let isCut = false;
  request.on("upgrade", (_response, socket) => {
    socket.on("data", (bytes) => {
      heard += String(bytes);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      isCut = true;
    });
    socket.write("hello");
  });
  await expect.poll(() => heard, PATIENT).toBe(`echo hello for ${host}`);
  await sandbox.pause();
  await expect.poll(() => isCut, PATIENT).toBe(true);
});
