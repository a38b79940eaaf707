/** Who counts as there, and when a preview may rest. */
import { expect, test } from "vitest";
import { policy } from "@/inngest.config";
import { isEmpty, restWhenIdle, runsOrWill } from "@/lib/preview/presence";
import { aRecord, aSnapshot, NOW, states } from "@/tests/support/records";

test.each([
  [-1, { kind: "later", at: NOW + 1 }],
  [0, { kind: "rest" }],
  [1, { kind: "rest" }],
])("a running preview idle for its time and %i ms: %j", (pastMs, expected) => {
  const snapshot = aSnapshot("running", { lastActiveAt: NOW - policy.idleAfterMs - pastMs });

  expect(restWhenIdle(snapshot, policy)).toEqual(expected);
});

test("only what runs can be brought to rest, and what comes back is waited for", () => {
  for (const state of states) {
    const rest = restWhenIdle(aSnapshot(state, { lastActiveAt: 0 }), policy);
    const expected = state === "running" ? "rest" : state === "resuming" ? "moving" : "not-running";
    expect([state, rest.kind]).toEqual([state, expected]);
  }
  const renewed = aSnapshot("pausing", { wanted: "running" });
  expect(restWhenIdle(renewed, policy)).toEqual({ kind: "moving", at: NOW + policy.leaseMs });
});

test("a preview is empty when no viewer and no hold counts", () => {
  expect(isEmpty(aSnapshot("running", {}, 0))).toBe(true);
  expect(isEmpty(aSnapshot("running", {}, 1))).toBe(false);
  expect(isEmpty(aSnapshot("running", {}, 0, 1))).toBe(false);
});

test("what is about to run counts as running for who leaves meanwhile", () => {
  const willRun = states.filter((state) => runsOrWill(aRecord(state)));
  expect(willRun).toEqual(["starting", "running", "resuming"]);
  expect(runsOrWill(aRecord("pausing", { wanted: "running" }))).toBe(true);
});
