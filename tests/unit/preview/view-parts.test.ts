/** Which parts a view has in which situation: what is not known or does not apply is not there at all. */
import { describe, expect, test } from "vitest";
import { policy as shipped } from "@/inngest.config";
import type { Snapshot } from "@/lib/preview/record";
import { viewOf } from "@/lib/preview/view";
import { aSnapshot, NOW, SANDBOX_ID, states } from "@/tests/support/records";

const policy = { ...shipped, maxRunMsPerUserDay: 1_000 };
const view = (snapshot: Snapshot) =>
  viewOf(snapshot, {
    policy,
    logTail: "",
    previewUrl: (sandboxId, port) => `https://${port}-${sandboxId}.test`,
  });

test("a part is there with its value or not at all", () => {
  for (const state of states) {
    const shown = view(aSnapshot(state, { revision: "r1" }, 0, 1));
    expect(JSON.parse(JSON.stringify(shown))).toStrictEqual(shown);
  }
});

test("the sandbox is named in every state that has one", () => {
  const named = states.filter((state) => view(aSnapshot(state)).sandboxId === SANDBOX_ID);

  expect(named).toEqual(["running", "pausing", "paused", "resuming"]);
});

test("when it was paused is told of what rests, and of nothing that moves", () => {
  const told = states.filter((state) => view(aSnapshot(state)).pausedAt !== undefined);

  expect(told).toEqual(["paused"]);
});

test("how long its user's sandboxes have run is told from the first step on", () => {
  const used = (dayMs: number) => view({ ...aSnapshot("paused"), usage: { dayMs, monthMs: 0 } }).usage;

  expect(used(799)).toBeUndefined();
  expect(used(800)).toMatchObject({ period: "day", step: 80, usedMs: 800, limitMs: 1_000 });
});

test("who is suspended is offered nothing, for nothing helps", () => {
  expect(view({ ...aSnapshot("paused"), suspendedBecause: "" })).toMatchObject({
    action: "none",
    reason: { code: "suspended" },
  });
});

describe("a start", () => {
  test("that has not said how far it is has just been taken on, with everything ahead", () => {
    const shown = view(aSnapshot("starting"));

    expect(shown.step).toMatchObject({ phase: "claimed", title: "Taking it on", startedAt: NOW - 60_000 });
    expect(shown.steps?.map(({ standing }) => standing)).toEqual([
      "ahead",
      "ahead",
      "ahead",
      "ahead",
      "ahead",
    ]);
  });

  test("that only tidies up has no steps", () => {
    expect(view(aSnapshot("starting", { phase: "tidy" })).steps).toBeUndefined();
    expect(view(aSnapshot("starting", { phase: "files" })).steps).toBeDefined();
  });
});

test("how it came back is told only where it is known how and when", () => {
  expect(view(aSnapshot("running", { readyAt: undefined })).cameBack).toBeUndefined();
  expect(view(aSnapshot("running", { cameBack: undefined })).cameBack).toBeUndefined();
  expect(view(aSnapshot("running", { tookMs: undefined })).cameBack?.tookMs).toBe(0);
});

test("while the operators hold everything it does not say when it rests", () => {
  expect(view({ ...aSnapshot("running"), isEverythingHeld: true })).not.toHaveProperty("restsAt");
});
