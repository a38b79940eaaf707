/** The HTTP face of E2B's webhook: what is believed, what is passed on, and what E2B is told to send again. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { StoreUnreachableError } from "@/lib/errors";
import { parseScope, previewIdOf } from "@/lib/ids";
import { silentLog } from "@/lib/log";
import type { Snapshot } from "@/lib/preview/record";
import { createSandboxEvents, type SandboxEventsParts } from "@/lib/routes/sandbox-events";
import { signedByE2b } from "@/lib/webhooks/signature";
import { aSnapshot, NOW, SANDBOX_ID } from "@/tests/support/records";

const SECRET = "the-webhook-secret";
const scope = parseScope("p1", "u1");
const labels = {
  app: "rekindle",
  env: "test",
  projectId: "p1",
  userId: "u1",
  previewId: String(previewIdOf("test", scope)),
};

const payload = (changes: object = {}, metadata: object = labels) => ({
  version: "v2",
  id: "event-1",
  type: "sandbox.lifecycle.killed",
  eventData: { sandbox_metadata: metadata },
  sandboxId: SANDBOX_ID,
  timestamp: new Date(NOW).toISOString(),
  ...changes,
});

function signed(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Request {
  const signature = createHash("sha256").update(SECRET).update(body).digest("base64url");
  return new Request("https://app.test/api/webhooks/e2b", {
    method: "POST",
    headers: { "e2b-signature-version": "v1", "e2b-signature": signature, ...headers },
    body,
  });
}

const signedJson = (body: unknown) => signed(JSON.stringify(body));

function handler(changes: Partial<SandboxEventsParts> = {}, snapshot: Snapshot = aSnapshot("running")) {
  const reads: unknown[] = [];
  const sent: unknown[] = [];
  const { sandboxEvents } = createSandboxEvents({
    isFromE2b: signedByE2b([SECRET]),
    app: "rekindle",
    env: "test",
    policy: { keepAliveMs: 1_000_000 },
    log: silentLog,
    ofSandbox: async () => undefined,
    previewIdOf: (of) => previewIdOf("test", of),
    read: async (of) => {
      reads.push(of);
      return snapshot;
    },
    sendOn: async (of, event) => {
      sent.push([of, event]);
      return true;
    },
    ...changes,
  });
  const post = async (request: Request) => {
    const response = await sandboxEvents(request);
    return { status: response.status, body: await response.json() };
  };
  return { post, reads, sent };
}

test("news is passed on with whose it is, once read, and answered with 200", async () => {
  const { post, reads, sent } = handler();

  const answer = await post(signedJson(payload()));

  expect(answer).toEqual({ status: 200, body: { kind: "news" } });
  const change = { sandboxId: SANDBOX_ID, type: "killed", at: NOW };
  expect(sent).toEqual([[scope, { id: "event-1", change, labels }]]);
  expect(reads).toEqual([scope]);
});

test("payloads of v1 are taken like those of v2", async () => {
  const { post } = handler();

  expect(await post(signedJson(payload({ version: "v1" })))).toMatchObject({ body: { kind: "news" } });
});

test("an echo is answered with 200 after one read, and nothing is sent on", async () => {
  const { post, reads, sent } = handler({}, aSnapshot("paused"));

  const answer = await post(signedJson(payload({ type: "sandbox.lifecycle.paused" })));

  expect(answer).toEqual({ status: 200, body: { kind: "echo" } });
  expect([reads.length, sent.length]).toEqual([1, 0]);
});

describe("without a read of Redis", () => {
  const { previewId: _previewId, ...withoutPreview } = labels;

  test.each([
    ["another app's", { ...labels, app: "another" }, "foreign-app"],
    ["another environment's", { ...labels, env: "production" }, "foreign-app"],
    ["nobody's", {}, "foreign-app"],
    ["one that is labelled with another preview", { ...labels, previewId: "0".repeat(24) }, "foreign-app"],
    ["one that is labelled with none", withoutPreview, "foreign-app"],
  ])("%s sandbox is none of ours", async (_whose, metadata, kind) => {
    const { post, reads, sent } = handler();

    expect(await post(signedJson(payload({}, metadata)))).toEqual({ status: 200, body: { kind } });
    expect([reads, sent]).toEqual([[], []]);
  });

  test.each([{ type: "sandbox.lifecycle.moved" }, { version: "v3" }])("%j is ignored", async (changes) => {
    const { post, reads, sent } = handler();

    const answer = await post(signedJson(payload(changes)));

    expect(answer).toEqual({ status: 200, body: { kind: "ignored" } });
    expect([reads, sent]).toEqual([[], []]);
  });
});

describe("refused before anything is read from Redis or sent on is", () => {
  const good = JSON.stringify(payload());
  const tooLong = JSON.stringify(payload({}, { ...labels, filler: "x".repeat(64 * 1024) }));
  // What an attacker can append to a signed body without the secret: SHA-256's own padding comes first.
  const extended = new Uint8Array([...new TextEncoder().encode(good), 0x80, 0x00, 0x7b, 0x7d]);

  test.each([
    ["what is not signed with our secret", () => signed(good, { "e2b-signature": "A".repeat(43) }), 401],
    ["a signature of another length", () => signed(good, { "e2b-signature": "A".repeat(20) }), 401],
    ["an empty signature", () => signed(good, { "e2b-signature": "" }), 401],
    ["a signature of another version", () => signed(good, { "e2b-signature-version": "v2" }), 401],
    ["an unsigned body, whatever is in it", () => signed("{", { "e2b-signature": "" }), 401],
    ["a signed body that is no JSON", () => signed("{"), 400],
    ["a signed body that is empty", () => signed(""), 400],
    ["a signed body that is no UTF-8", () => signed(extended), 400],
    ["a signed body that is no event", () => signedJson([payload()]), 400],
    [
      "one of ours whose project cannot be one",
      () => signedJson(payload({}, { ...labels, projectId: "a b" })),
      400,
    ],
    ["a body that is too long", () => signed(tooLong), 400],
    ["a length that is too long", () => signed(good, { "content-length": "70000" }), 400],
    ["a body of no known length that is too long", () => streamed(tooLong), 400],
  ])("%s", async (_what, request, status) => {
    const { post, reads, sent } = handler();

    const answer = await post(request());

    expect(answer).toEqual({
      status,
      body: { error: expect.objectContaining({ message: expect.any(String) }) },
    });
    expect([reads, sent]).toEqual([[], []]);
  });

  test.each(["GET", "HEAD", "PUT", "DELETE"])("a %s", async (method) => {
    const { post, reads, sent } = handler();

    expect(await post(new Request("https://app.test/api/webhooks/e2b", { method }))).toMatchObject({
      status: 405,
    });
    expect([reads, sent]).toEqual([[], []]);
  });

  test("everything, where no secret is configured", async () => {
    const { post, reads } = handler({ isFromE2b: undefined });

    expect(await post(signed(good))).toMatchObject({ status: 404 });
    expect(reads).toEqual([]);
  });
});

describe("E2B is told to send again", () => {
  test("what Inngest did not take", async () => {
    const { post } = handler({ sendOn: async () => false });

    expect(await post(signedJson(payload()))).toMatchObject({
      status: 503,
      body: { error: { code: "events-unreachable", retriable: true } },
    });
  });

  test("what could not be compared, because Redis did not answer", async () => {
    const { post, sent } = handler({
      read: async () => {
        throw new StoreUnreachableError("read");
      },
    });

    expect(await post(signedJson(payload()))).toMatchObject({ status: 503 });
    expect(sent).toEqual([]);
  });
});

test("no secret and no content of a body reaches the log", async () => {
  const lines: string[] = [];
  const write = (fields: unknown, message: string) => lines.push(JSON.stringify([fields, message]));
  const log = { info: write, warn: write, error: write };
  const { post } = handler({ log });

  await post(signedJson(payload({}, { ...labels, CANARY: "CANARY" })));
  await post(signed('{"CANARY": 1}', { "e2b-signature": "A".repeat(43) }));
  await post(signed('{"CANARY": 1}'));

  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) expect(line).not.toMatch(new RegExp(`CANARY|${SECRET}`));
});

/** Node sends no length with a stream. */
function streamed(text: string): Request {
  const { headers } = signed(text);
  const init = { method: "POST", headers, body: new Blob([text]).stream(), duplex: "half" };
  return new Request("https://app.test/api/webhooks/e2b", init);
}
