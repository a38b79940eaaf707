/** What is decided at rest, after a worker's death and when a user may not run: which reason, and from when on. */
import { describe, expect, test } from "vitest";
import { policy } from "@/inngest.config";
import type { Observed } from "@/lib/preview/action";
import { decide, healRunningAt, keptUntil } from "@/lib/preview/decide";
import { aRecord, aSnapshot, NOW, SANDBOX_ID } from "@/tests/support/records";

const running: Observed = { kind: "running", startedAt: NOW - 60_000, endsAt: NOW + 900_000 };
const gone: Observed = { kind: "gone" };

describe("a preview at rest", () => {
  const pausedAt = NOW - policy.retentionMs;
  const asItWas: Observed = { kind: "paused", pausedAt };
  const rested = aSnapshot("paused", { pausedAt });

  test.each([
    [-1, "none"],
    [0, "retire"],
    [1, "retire"],
  ])("at the end of its retention and %i ms: %s", (pastMs, kind) => {
    const snapshot = { ...rested, now: NOW + pastMs };

    expect(decide(snapshot, asItWas, policy)).toMatchObject({ kind, reason: "idle" });
  });

  test("whose files could not be shown to be safe is kept for as long as was written then", () => {
    const kept = aSnapshot("paused", { pausedAt, keptUntil: NOW + 1 });

    expect(decide(kept, asItWas, policy).kind).toBe("none");
    expect(decide({ ...kept, now: NOW + 1 }, asItWas, policy).kind).toBe("retire");
  });

  // Our own pause is written when it begins; to save and to seal before it may take its budget, and the call two steps.
  const ownPauseTakesMs = policy.saveBudgetMs + 2 * policy.stepBudgetMs;
  test.each([
    [0, false],
    [ownPauseTakesMs, false],
    [ownPauseTakesMs + 1, true],
  ])("that the provider paused %i ms after us was touched by somebody: %s", (laterMs, isTouched) => {
    const action = decide(rested, { kind: "paused", pausedAt: pausedAt + laterMs }, policy);

    expect(action).toStrictEqual({ kind: "retire", reason: "idle", isTouched });
  });

  test("keeps its sandbox from its pause on, and what never was paused from its last change on", () => {
    expect(keptUntil(aRecord("paused", { pausedAt: 5, changedAt: 9 }), policy)).toBe(5 + policy.retentionMs);
    expect(keptUntil(aRecord("failed", { changedAt: 9 }), policy)).toBe(9 + policy.retentionMs);
  });

  test.each([
    ["idle", "returned"],
    ["left", "returned"],
    ["provider-paused", "returned"],
    ["provider-unreachable", "interrupted"],
    ["asked", "interrupted"],
  ])("for the reason %s and wanted again is opened as %s", (reason, expected) => {
    const wanted = aSnapshot("paused", { reason, wanted: "running" });

    expect(decide(wanted, asItWas, policy)).toStrictEqual({ kind: "open", reason: expected });
  });
});

describe("a start that nobody wants any more", () => {
  const unwanted = { wanted: "resting" };

  test("and that has no sandbox is over: nothing is made in its place", () => {
    expect(decide(aSnapshot("starting", unwanted), gone, policy)).toStrictEqual({
      kind: "expire",
      reason: "never-opened",
    });
  });

  test("and that has one is carried on, as is one that is wanted and a resume", () => {
    const withSandbox = { ...unwanted, sandboxId: SANDBOX_ID, runStartedAt: NOW, endsAt: NOW + 1 };

    expect(decide(aSnapshot("starting", withSandbox), running, policy).kind).toBe("open");
    expect(decide(aSnapshot("starting"), gone, policy).kind).toBe("open");
    expect(decide(aSnapshot("resuming", unwanted), running, policy).kind).toBe("open");
  });
});

describe("a user who may not run anything", () => {
  const suspended = { suspendedBecause: "The invoice is unpaid." };
  const used = { ...aSnapshot("running", { lastActiveAt: NOW }, 1), ...suspended };

  test("has what is in use paused, for that reason, and its end recorded and not mended", () => {
    expect(decide(used, running, policy)).toStrictEqual({ kind: "pause", reason: "suspended" });
    expect(decide(used, gone, policy)).toStrictEqual({ kind: "expire", reason: "sandbox-gone" });
    expect(decide(used, { kind: "paused", pausedAt: NOW }, policy).kind).toBe("record-paused");
  });

  test("has a start or resume that broke off given up, and a pause finished", () => {
    const giveUp = { kind: "give-up", reason: "run-failed" };
    for (const state of ["starting", "resuming"] as const)
      for (const observed of [running, gone])
        expect(decide({ ...aSnapshot(state), ...suspended }, observed, policy)).toStrictEqual(giveUp);

    expect(decide({ ...aSnapshot("pausing"), ...suspended }, running, policy).kind).toBe("pause");
  });

  test("has it looked at soon, whatever its deadlines are", () => {
    expect(healRunningAt(used, policy)).toBe(NOW + policy.healAfterMs);
    expect(healRunningAt({ ...used, suspendedBecause: "" }, policy)).toBe(NOW + policy.healAfterMs);
  });
});

describe("newer files that were asked for", () => {
  const inUse = { lastActiveAt: NOW - 1_000 };
  const asked = (agoMs: number) => aSnapshot("running", { ...inUse, syncAskedAt: NOW - agoMs });

  test.each([
    [policy.leaseMs - 1, "none"],
    [policy.leaseMs, "sync"],
    [policy.leaseMs + 1, "sync"],
  ])("%i ms ago: %s", (agoMs, kind) => {
    expect(decide(asked(agoMs), running, policy)).toMatchObject({ kind, reason: "requested" });
  });

  test("are looked after once whoever was told has had their time", () => {
    expect(healRunningAt(asked(5_000), policy)).toBe(NOW - 5_000 + policy.leaseMs + policy.healAfterMs);
  });
});

test("what everybody left is paused for that reason, and a renewal is one", () => {
  const left = {
    lastActiveAt: NOW - policy.graceAfterLeftMs,
    leftAt: NOW - policy.graceAfterLeftMs,
    readyAt: 0,
  };
  const runStartedAt = NOW - policy.maxRunMs + policy.renewBeforeMs;
  const old = aSnapshot("running", { lastActiveAt: NOW, runStartedAt }, 1);

  expect(decide(aSnapshot("running", left), running, policy)).toStrictEqual({
    kind: "pause",
    reason: "left",
  });
  expect(decide(old, { ...running, startedAt: runStartedAt }, policy)).toStrictEqual({
    kind: "renew",
    reason: "renewal",
  });
});
