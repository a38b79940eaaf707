/** When a run is renewed: from when on, for how long a quiet moment is waited for, and when not at all. */
import { describe, expect, test } from "vitest";
import { policy } from "@/inngest.config";
import { renewAt, renewalDue, runEndsAt } from "@/lib/preview/decide";
import { aRecord, aSnapshot, NOW, states } from "@/tests/support/records";

/** A run that ends in so long, used just now unless said otherwise. */
const endingIn = (leftMs: number, fields: Parameters<typeof aRecord>[1] = {}, viewers = 1, holds = 0) =>
  aSnapshot(
    "running",
    { runStartedAt: NOW + leftMs - policy.maxRunMs, lastActiveAt: NOW, ...fields },
    viewers,
    holds,
  );
const latestAt = (leftMs: number) => NOW + leftMs - policy.renewAtLatestMs;

test.each([
  [-1, { kind: "later", at: NOW + 1 }],
  [0, { kind: "due", mustWaitForQuiet: true, latestAt: latestAt(policy.renewBeforeMs) }],
  [1, { kind: "due", mustWaitForQuiet: true, latestAt: latestAt(policy.renewBeforeMs - 1) }],
])("at the window's opening and %i ms: %j", (pastMs, expected) => {
  expect(renewalDue(endingIn(policy.renewBeforeMs - pastMs), policy)).toEqual(expected);
});

test.each([
  [-1, true],
  [0, false],
  [1, false],
])("at the last moment and %i ms a quiet one is waited for: %s", (pastMs, mustWaitForQuiet) => {
  const due = renewalDue(endingIn(policy.renewAtLatestMs - pastMs), policy);

  expect(due).toMatchObject({ kind: "due", mustWaitForQuiet });
});

describe("a preview that rests before the last moment is left to that, but for an agent that waits", () => {
  const leftMs = policy.renewBeforeMs - 60_000;
  /** Used until its idle end is at the last moment, and so much after it. */
  const restingAt = (afterMs: number) => latestAt(leftMs) - policy.idleAfterMs + afterMs;

  test.each([
    [-1, "later"],
    [0, "later"],
    [1, "due"],
  ])("its idle end at the last moment and %i ms: %s", (afterMs, kind) => {
    const snapshot = endingIn(leftMs, { lastActiveAt: restingAt(afterMs) });

    expect(renewalDue(snapshot, policy).kind).toBe(kind);
    expect(renewalDue(snapshot, policy, true).kind).toBe("due");
  });

  test("it is looked at again when it should rest, and never at once", () => {
    const ahead = endingIn(leftMs, { lastActiveAt: restingAt(-1) });
    const past = endingIn(leftMs, { lastActiveAt: NOW - policy.idleAfterMs });

    expect(renewalDue(ahead, policy)).toEqual({ kind: "later", at: latestAt(leftMs) - 1 });
    expect(renewalDue(past, policy)).toEqual({ kind: "later", at: NOW + policy.quietAfterMs });
  });

  test("one that everybody left rests a grace later; a viewer or a hold keeps it", () => {
    const left = { leftAt: NOW };

    expect(renewalDue(endingIn(leftMs, left, 0), policy)).toEqual({
      kind: "later",
      at: NOW + policy.graceAfterLeftMs,
    });
    expect(renewalDue(endingIn(leftMs, left, 1), policy).kind).toBe("due");
    expect(renewalDue(endingIn(leftMs, left, 0, 1), policy).kind).toBe("due");
  });
});

test("a run ends where the provider was found to end it, if that is sooner than the plan", () => {
  const record = aRecord("running", { runStartedAt: NOW, runCapAt: NOW + 1_800_000 });
  const later = aRecord("running", { runStartedAt: NOW, runCapAt: NOW + policy.maxRunMs + 1 });

  expect([runEndsAt(record, policy), renewAt(record, policy)]).toEqual([
    NOW + 1_800_000,
    NOW + 1_800_000 - policy.renewBeforeMs,
  ]);
  expect(runEndsAt(later, policy)).toBe(NOW + policy.maxRunMs);
});

test("only what runs is renewed", () => {
  for (const state of states) {
    if (state === "running") continue;
    expect(renewalDue(aSnapshot(state, { runStartedAt: NOW - policy.maxRunMs }), policy).kind).toBe(
      "not-running",
    );
  }
});
