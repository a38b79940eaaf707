/** Which end a person is warned of, from when on, and what is said of it. */
import { describe, expect, test } from "vitest";
import { policy } from "@/inngest.config";
import { warningFor } from "@/lib/preview/warning";
import { aSnapshot, NOW, states } from "@/tests/support/records";

const SECOND = 1_000;

/** Goes to rest, for want of use, in so long. */
const restingIn = (ms: number) => ({ lastActiveAt: NOW + ms - policy.idleAfterMs });
/** Its run ends in so long; somebody has just used it. */
const endingIn = (ms: number) => ({ runStartedAt: NOW + ms - policy.maxRunMs, lastActiveAt: NOW });

test.each([
  [policy.warnBeforeMs + 1, undefined],
  [policy.warnBeforeMs, "idle"],
  [policy.warnBeforeMs - 1, "idle"],
  [-1, "idle"],
])("%i ms before it rests for want of use the warning is %s", (leftMs, kind) => {
  expect(warningFor(aSnapshot("running", restingIn(leftMs), 1), policy)?.kind).toBe(kind);
});

test.each([
  [policy.warnEndBeforeMs + 1, undefined],
  [policy.warnEndBeforeMs, "run-end"],
  [policy.warnEndBeforeMs - 1, "run-end"],
])("%i ms before its run ends the warning is %s", (leftMs, kind) => {
  expect(warningFor(aSnapshot("running", endingIn(leftMs), 1), policy)?.kind).toBe(kind);
});

test.each([
  ["nobody", 0, 0, undefined],
  ["a viewer", 1, 0, "run-end"],
  ["an agent", 0, 1, "run-end"],
])("with %s there, the end of its run is told to whom it concerns", (_who, viewers, holds, kind) => {
  expect(warningFor(aSnapshot("running", endingIn(60 * SECOND), viewers, holds), policy)?.kind).toBe(kind);
});

test.each([
  [60 * SECOND, 61 * SECOND, "idle"],
  [60 * SECOND, 60 * SECOND, "idle"],
  [61 * SECOND, 60 * SECOND, "run-end"],
])("of an idleness in %i ms and a run's end in %i ms the nearer is told", (idleMs, endMs, kind) => {
  const fields = { ...endingIn(endMs), ...restingIn(idleMs) };
  expect(warningFor(aSnapshot("running", fields, 1), policy)?.kind).toBe(kind);
});

test("a run that ends at rest is not said to be renewed", () => {
  const latestAt = 4 * 60 * SECOND - policy.renewAtLatestMs;
  const kindAt = (restsInMs: number) =>
    warningFor(aSnapshot("running", { ...endingIn(4 * 60 * SECOND), ...restingIn(restsInMs) }, 1), policy)
      ?.kind;

  expect(kindAt(latestAt)).toBeUndefined();
  expect(kindAt(latestAt + 1)).toBe("run-end");
});

test("an agent at work is nobody's idleness", () => {
  const fields = { ...restingIn(SECOND), heldUntil: NOW + SECOND };
  expect(warningFor(aSnapshot("running", fields, 1, 1), policy)).toBeUndefined();
});

test("where the provider was found to end runs earlier, that end is told", () => {
  const runCapAt = NOW + 60 * SECOND;
  const fields = { lastActiveAt: NOW, runCapAt };
  expect(warningFor(aSnapshot("running", fields, 1), policy)).toMatchObject({
    kind: "run-end",
    deadline: runCapAt,
  });
});

test.each(states.filter((state) => state !== "running"))("%s has no end to warn of", (state) => {
  const fields = { ...endingIn(SECOND), ...restingIn(SECOND) };
  expect(warningFor(aSnapshot(state, fields, 1), policy)).toBeUndefined();
});

describe("what is said", () => {
  test("of idleness: when, that use moves it, and that memory, processes and files are kept", () => {
    const warning = warningFor(aSnapshot("running", restingIn(60 * SECOND), 1), policy);
    expect(warning).toMatchObject({ deadline: NOW + 60 * SECOND, canExtend: true });
    expect(warning?.message).toMatch(/memory, processes and files are kept/);
  });

  test("of a run's end: that nothing moves it, how long it is away, and that all is kept", () => {
    const warning = warningFor(aSnapshot("running", endingIn(60 * SECOND), 1), policy);
    expect(warning).toMatchObject({ deadline: NOW + 60 * SECOND, canExtend: false });
    expect(warning?.message).toMatch(/after 1 h\..* about 3 s .*memory, processes and files kept/);
  });

  test("of a run that was renewed before: how long that took then", () => {
    const fields = { ...endingIn(60 * SECOND), renewTookMs: 4_200 };
    expect(warningFor(aSnapshot("running", fields, 1), policy)?.message).toContain("about 4.2 s");
  });
});
