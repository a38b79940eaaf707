/** How E2B's payloads are read: tolerant of what is added, strict about what is used. */
import { describe, expect, test } from "vitest";
import { payloadOf } from "@/lib/local/e2b/events/event-payload";
import { readEvent } from "@/lib/webhooks/sandbox-event";

const labels = { app: "rekindle", env: "test", previewId: "abc", projectId: "p1", userId: "u1" };

const payload = {
  version: "v2",
  id: "f5911677-cb60-498f-afed-f68143b3cc59",
  type: "sandbox.lifecycle.killed",
  eventData: { sandbox_metadata: labels, kill_reason: "request" },
  sandboxId: "iaaaaaaaaaaaaaaaaaaaa",
  sandboxExecutionId: "e",
  timestamp: "2026-01-01T12:00:00.5Z",
};

const at = Date.UTC(2026, 0, 1, 12) + 500;

test.each(["v1", "v2"])(
  "a payload of %s says what happened to which sandbox, when, and whose it is",
  (version) => {
    expect(readEvent({ ...payload, version })).toEqual({
      kind: "event",
      event: { id: payload.id, labels, change: { sandboxId: payload.sandboxId, type: "killed", at } },
    });
  },
);

test("the stand-in's own payloads are read, with the end that was set", () => {
  const endAt = Date.UTC(2026, 0, 1, 13);
  const sandbox = {
    sandboxId: payload.sandboxId,
    templateId: "base",
    alias: undefined,
    metadata: labels,
    onTimeout: "pause",
    memoryOnTimeout: "kept",
    autoResume: false,
    autoResumeMs: 0,
    allowPublicTraffic: undefined,
    allowInternetAccess: undefined,
    state: "running",
    startedAt: at,
    endAt,
  } as const;
  const told = payloadOf(
    { at, change: { kind: "updated", setTimeoutSeconds: 60 }, sandbox, executionId: "e" },
    "id-1",
  );

  expect(readEvent(told)).toMatchObject({
    kind: "event",
    event: { change: { type: "updated", at, endsAt: endAt } },
  });
});

test("times with nanoseconds and an offset are read", () => {
  const read = readEvent({ ...payload, timestamp: "2026-01-01T14:00:00.500123456+02:00" });

  expect(read).toMatchObject({ kind: "event", event: { change: { at } } });
});

test("fields that nobody knows yet, and metadata that is no text, do no harm", () => {
  const eventData = { sandbox_metadata: { ...labels, epoch: 3, more: { deep: true } }, added: [1] };

  expect(readEvent({ ...payload, eventData, added: {} })).toMatchObject({ kind: "event", event: { labels } });
});

test.each([[{}], [null], [undefined], [{ sandbox_metadata: null }]])(
  "without metadata (%j) it is nobody's",
  (eventData) => {
    expect(readEvent({ ...payload, eventData })).toMatchObject({ kind: "event", event: { labels: {} } });
  },
);

test("a change of something else than the end has no end", () => {
  const read = readEvent({ ...payload, type: "sandbox.lifecycle.updated" });

  expect(read).toMatchObject({ kind: "event", event: { change: { type: "updated" } } });
  expect(read).not.toHaveProperty("event.change.endsAt");
});

describe("ignored is", () => {
  test.each([
    ["a snapshot, after which it runs on", { type: "sandbox.lifecycle.checkpointed" }],
    ["a type that nobody knows yet", { type: "sandbox.lifecycle.moved" }],
    ["a type of something else", { type: "template.built" }],
    ["a type without its prefix", { type: "killed" }],
    ["a version that nobody knows yet", { version: "v3" }],
    ["an end that cannot be read", { eventData: { sandbox_metadata: labels, set_timeout: 900 } }],
    ["an end that is no time", { eventData: { sandbox_metadata: labels, set_timeout: "900" } }],
  ])("%s", (_what, changes) => {
    expect(readEvent({ ...payload, ...changes })).toEqual({ kind: "ignored" });
  });

  test("of an unknown type whatever else it has", () => {
    expect(readEvent({ version: "v2", type: "sandbox.lifecycle.moved" })).toEqual({ kind: "ignored" });
  });
});

test.each([
  [null],
  ["text"],
  [[]],
  [{}],
  [{ ...payload, version: 2 }],
  [{ ...payload, type: undefined }],
  [{ ...payload, id: "" }],
  [{ ...payload, id: "with spaces" }],
  [{ ...payload, id: "x".repeat(129) }],
  [{ ...payload, sandboxId: "../../etc" }],
  [{ ...payload, sandboxId: 7 }],
  [{ ...payload, timestamp: "yesterday" }],
  [{ ...payload, timestamp: 1767268800 }],
  [{ ...payload, eventData: "text" }],
  [{ ...payload, eventData: { sandbox_metadata: "text" } }],
])("junk is %j", (junk) => {
  expect(readEvent(junk)).toEqual({ kind: "junk" });
});
