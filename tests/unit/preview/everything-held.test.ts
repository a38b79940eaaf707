/** What is decided while an operator looks: nothing rests, nothing goes, and what runs goes on running. */
import { describe, expect, test } from "vitest";
import { policy } from "@/inngest.config";
import type { Observed } from "@/lib/preview/action";
import { decide } from "@/lib/preview/decide";
import type { Snapshot } from "@/lib/preview/record";
import { aSnapshot, NOW } from "@/tests/support/records";

const held = (snapshot: Snapshot): Snapshot => ({ ...snapshot, isEverythingHeld: true });
const running: Observed = { kind: "running", startedAt: NOW - 60_000, endsAt: NOW + 900_000 };
const paused: Observed = { kind: "paused", pausedAt: NOW - 5_000 };
const idle = { lastActiveAt: NOW - policy.idleAfterMs, readyAt: undefined };
const inHalfTheKeepAlive = NOW + policy.keepAliveMs / 2;

/** Idle, its run so near its end; `pastMs` after the moment from which it is renewed. */
const idleNearItsEnd = (pastMs: number): Snapshot =>
  aSnapshot("running", { ...idle, runStartedAt: NOW - policy.maxRunMs + policy.renewBeforeMs - pastMs });

test.each([
  [-1, { kind: "extend", reason: "requested", nextCheckAt: inHalfTheKeepAlive }],
  [0, { kind: "renew", reason: "renewal", isAtRest: true }],
  [1, { kind: "renew", reason: "renewal", isAtRest: true }],
])("one that would be paused, at its renewal and %i ms, is kept running: %j", (pastMs, action) => {
  expect(decide(held(idleNearItsEnd(pastMs)), running, policy)).toStrictEqual(action);
});

test("half of an odd time is a whole number of milliseconds", () => {
  const odd = { ...policy, keepAliveMs: policy.keepAliveMs + 1 };

  expect(decide(held(aSnapshot("running", idle)), running, odd)).toMatchObject({
    nextCheckAt: inHalfTheKeepAlive,
  });
});

describe("is looked at again, and nothing else is done about", () => {
  const none = (reason: string) => ({ kind: "none", reason, nextCheckAt: inHalfTheKeepAlive });

  test("a pause that was left half done", () => {
    expect(decide(held(aSnapshot("pausing")), running, policy)).toStrictEqual(none("idle"));
  });

  test("a start of a suspended user that broke off", () => {
    const broken = { ...aSnapshot("starting"), suspendedBecause: "The invoice is unpaid." };

    expect(decide(held(broken), running, policy)).toStrictEqual(none("requested"));
  });

  test("one that runs although it should rest", () => {
    expect(decide(held(aSnapshot("paused")), running, policy)).toStrictEqual(none("idle"));
  });

  test("one that has rested for longer than sandboxes are kept", () => {
    const old = aSnapshot("paused", { pausedAt: NOW - policy.retentionMs });

    expect(decide(held(old), paused, policy)).toStrictEqual(none("idle"));
  });
});

test.each([
  ["a wish to open", aSnapshot("paused", { wanted: "running" }), paused, "open"],
  ["what the provider did", aSnapshot("running", idle), paused, "record-paused"],
  ["a sandbox that is gone", aSnapshot("running", idle), { kind: "gone" } as const, "expire"],
  [
    "a renewal in use",
    aSnapshot("running", { runStartedAt: NOW - policy.maxRunMs + 60_000 }),
    undefined,
    "renew",
  ],
])("%s is followed as ever", (_case, snapshot, observed, kind) => {
  const { record } = snapshot;
  const seen: Observed =
    observed ?? (record.state === "running" ? { ...running, startedAt: record.runStartedAt } : running);

  expect(decide(held(snapshot), seen, policy)).toEqual(decide(snapshot, seen, policy));
  expect(decide(held(snapshot), seen, policy).kind).toBe(kind);
});
