/** E2B's events API on the wire, by the rows of e2b.md §5.4. The SDK has no calls for it. */
import { webcrypto } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { Sandbox } from "e2b";
import { expect, onTestFinished, test } from "vitest";
import { EVENT_TYPES, type EventPayload } from "@/lib/local/e2b/events/event-payload";
import { postWebhook } from "@/lib/local/e2b/events/post-webhook";
import { HOOK } from "../../unit/local-e2b/lifecycle-stage";
import { callWithKey as call, standIn } from "./stand-in";

/** What it is sent is written down as it came. */
async function receiver(status = 200, headers: Record<string, string> = {}) {
  const heard: { headers: Record<string, unknown>; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (bytes) => {
      body += String(bytes);
    });
    request.on("end", () => {
      heard.push({ headers: request.headers, body });
      response.writeHead(status, headers).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { heard, url: `http://127.0.0.1:${address.port}/hook` };
}

test("§5.4 a webhook is registered, shown, listed, changed and removed, and its secret is never shown", async () => {
  const stand = await standIn();
  const made = await call(stand, "POST", "/events/webhooks", HOOK);
  expect(made.status).toBe(201);
  const { id } = made.body;
  const shown = { id, name: "mine", url: HOOK.url, enabled: true, events: HOOK.events };
  expect(made.body).toMatchObject({ ...shown, createdAt: expect.stringMatching(/Z$/) });
  expect(await call(stand, "GET", `/events/webhooks/${id}`)).toMatchObject({ status: 200, body: shown });
  expect(await call(stand, "GET", "/events/webhooks")).toMatchObject({ status: 200, body: [shown] });
  const changed = await call(stand, "PATCH", `/events/webhooks/${id}`, { enabled: false });
  expect(changed).toMatchObject({ status: 200, body: { ...shown, enabled: false } });
  expect(JSON.stringify([made, changed])).not.toContain(HOOK.signatureSecret);
  expect((await call(stand, "DELETE", `/events/webhooks/${id}`)).status).toBe(200);
  for (const method of ["GET", "DELETE"]) {
    const gone = await call(stand, method, `/events/webhooks/${id}`);
    expect(gone).toMatchObject({ status: 404, body: { code: 404 } });
  }
});

test.each([
  "https://hooks.example/x",
  "http://hooks.example/x",
  "http://localhost@hooks.example/",
  "http://127.0.0.1.hooks.example/",
  "https://127.0.0.1/",
  "http://192.168.0.1/",
  "file:///etc/passwd",
  "nonsense",
])("a webhook away from this machine is refused with a sentence: %s", async (url) => {
  const stand = await standIn();
  const refused = await call(stand, "POST", "/events/webhooks", { ...HOOK, url });
  expect(refused).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining("delivers only to") },
  });
  const { body } = await call(stand, "POST", "/events/webhooks", HOOK);
  expect((await call(stand, "PATCH", `/events/webhooks/${body.id}`, { url })).status).toBe(400);
  expect(await call(stand, "GET", "/events/webhooks")).toMatchObject({ body: [{ url: HOOK.url }] });
});

test.each(["limit=0", "limit=101", "offset=-1", "orderAsc=maybe", "types=sandbox.lifecycle.exploded"])(
  "§5.4 a query that E2B does not know is 400: %s",
  async (query) => {
    const stand = await standIn();
    for (const path of ["/events/sandboxes", "/events/sandboxes/ione"]) {
      expect(await call(stand, "GET", `${path}?${query}`)).toMatchObject({
        status: 400,
        body: { code: 400 },
      });
    }
  },
);

test("§5.4 the bounds of a query are taken, and types may be given several times", async () => {
  const stand = await standIn();
  const types = "types=sandbox.lifecycle.created&types=sandbox.lifecycle.killed";
  for (const query of ["", "?limit=1&offset=0&orderAsc=true", `?limit=100&${types}`]) {
    expect((await call(stand, "GET", `/events/sandboxes${query}`)).status).toBe(200);
  }
});

test("§5.4 a sandbox's life reaches a webhook in order, signed, and the events API tells the same", async () => {
  const stand = await standIn();
  const { heard, url } = await receiver();
  await call(stand, "POST", "/events/webhooks", { ...HOOK, url, events: EVENT_TYPES });
  const sandbox = await Sandbox.create({ ...stand.sdk, metadata: { app: "demo" } });
  await sandbox.setTimeout(60_000);
  await sandbox.pause();
  await sandbox.connect();
  await sandbox.kill();
  await expect.poll(() => heard).toHaveLength(5);

  const payloads: EventPayload[] = heard.map(({ body }) => JSON.parse(body));
  expect(payloads.map(({ type }) => type.split(".").at(-1))).toEqual([
    "created",
    "updated",
    "paused",
    "resumed",
    "killed",
  ]);
  expect(new Set(payloads.map(({ sandboxId }) => sandboxId))).toEqual(new Set([sandbox.sandboxId]));
  const [created, , paused, resumed, killed] = payloads.map(({ sandboxExecutionId }) => sandboxExecutionId);
  expect([created === paused, resumed === killed, created === resumed]).toEqual([true, true, false]);
  expect(payloads.at(-1)?.eventData).toMatchObject({
    sandbox_metadata: { app: "demo" },
    kill_reason: "request",
  });
  for (const { headers, body } of heard) {
    expect(headers["e2b-signature"]).toBe(await signatureOf(`${HOOK.signatureSecret}${body}`));
  }
  const told = await call(stand, "GET", `/events/sandboxes/${sandbox.sandboxId}?orderAsc=true`);
  expect(told).toEqual({ status: 200, body: payloads });
});

/** As a receiver would compute it, with none of the stand-in's code: base64url of sha256, without padding. */
async function signatureOf(text: string): Promise<string> {
  const digest = await webcrypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const base64 = btoa(String.fromCharCode(...new Uint8Array(digest)));
  return base64.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

test("a kill from outside is told with the reason unknown, one by the end of the run with timeout", async () => {
  const stand = await standIn();
  const [killed, expired] = await Promise.all([Sandbox.create(stand.sdk), Sandbox.create(stand.sdk)]);
  await stand.local.cloud.killBehindTheBack(killed.sandboxId);
  await stand.local.jump(300_000);
  const types = "types=sandbox.lifecycle.killed";
  const reasons = async () => {
    const { body } = await call(stand, "GET", `/events/sandboxes?orderAsc=true&${types}`);
    return body.map(({ sandboxId, eventData }: EventPayload) => [sandboxId, eventData.kill_reason]);
  };
  await expect.poll(reasons).toEqual([
    [killed.sandboxId, "unknown"],
    [expired.sandboxId, "timeout"],
  ]);
});

test("a webhook's redirect is a failed delivery and is not followed", async () => {
  const elsewhere = await receiver();
  const { url } = await receiver(307, { location: elsewhere.url });
  expect(await postWebhook(url, {}, "{}")).toBe(false);
  expect(elsewhere.heard).toEqual([]);
});
