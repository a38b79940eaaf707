/** What is said of a running preview when one thing of it is not known, or is more than one. */
import { describe, expect, test } from "vitest";
import { policy } from "@/inngest.config";
import { whyRunning } from "@/lib/preview/explain";
import type { HistoryEntry, Moved } from "@/lib/preview/history";
import type { Snapshot } from "@/lib/preview/record";
import { aSnapshot, NOW } from "@/tests/support/records";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

type Fields = Readonly<Record<string, string | number | undefined>>;

const fields: Fields = {
  lastActiveAt: NOW - 40 * SECOND,
  readyAt: NOW - 12 * MINUTE,
  runStartedAt: NOW - 12 * MINUTE,
  endsAt: NOW + 15 * MINUTE,
};
const running = (more: Fields = {}, viewers = 1, holds = 0): Snapshot =>
  aSnapshot("running", { ...fields, ...more }, viewers, holds);
const why = (snapshot: Snapshot, history: readonly HistoryEntry[] = []) =>
  whyRunning(snapshot, history, policy);

const moved = (agoMs: number, more: Partial<Moved> = {}): HistoryEntry => ({
  kind: "moved",
  at: NOW - agoMs,
  from: "resuming",
  to: "running",
  reason: "returned",
  by: "route-1",
  afterMs: 0,
  ...more,
});
const renewed = moved(MINUTE, { reason: "renewed", by: "renew-1", cameBack: "resumed", tookMs: 2_900 });
const held = (by: string, until: number): HistoryEntry => ({ kind: "held", at: NOW - MINUTE, by, until });

describe("how it came to run", () => {
  test("is told without a time where none was measured, and not at all where it is not known", () => {
    const opened = moved(5 * MINUTE, { cameBack: "resumed" });

    expect(why(running(), [opened])[1]).toBe("Resumed: the same processes, where they stood still.");
    expect(why(running(), [moved(5 * MINUTE)]).slice(0, 2)).toEqual([
      "Running for 5 min, since a person opened it.",
      "1 viewer is there, and no agent works in it.",
    ]);
  });

  test("is not what it was on its way to, nor a hold", () => {
    const history = [
      held("agent", NOW + MINUTE),
      moved(MINUTE, { from: "paused", to: "resuming", by: "check-1" }),
      moved(4 * MINUTE, { by: "agent-1" }),
    ];

    expect(why(running(), history)[0]).toBe("Running for 4 min, since an agent asked for it.");
  });

  test("is not guessed at where the history begins with a renewal; the renewals are counted all the same", () => {
    const [first, second] = why(running({ renewedAt: NOW - MINUTE, renewTookMs: 2_900 }), [renewed, renewed]);

    expect(first).toBe("Running for 12 min.");
    expect(second).toBe(
      "Its run was renewed 2 times since, last 1 min ago in 2.9 s, with memory and processes kept.",
    );
    expect(why(running({ readyAt: undefined, changedAt: NOW - 3 * MINUTE }))[0]).toBe("Running for 3 min.");
  });

  test("tells a renewal without what its record does not tell", () => {
    expect(why(running(), [renewed, moved(9 * MINUTE)])[1]).toBe(
      "Its run was renewed once since, with memory and processes kept.",
    );
  });
});

describe("who is there", () => {
  const line = (snapshot: Snapshot, history: readonly HistoryEntry[] = []) => why(snapshot, history)[1];

  test("is counted", () => {
    expect(line(running({}, 0))).toBe("Nobody is watching it, and no agent works in it.");
    expect(line(running({}, 1))).toBe("1 viewer is there, and no agent works in it.");
    expect(line(running({}, 2))).toBe("2 viewers are there, and no agent works in it.");
  });

  test("is named where the history knows the holds, each once, by what was last said of it", () => {
    const history = [
      held("again", NOW + MINUTE),
      { kind: "released", at: NOW, by: "again" } as const,
      { kind: "released", at: NOW, by: "done" } as const,
      held("done", NOW + MINUTE),
      held("over", NOW),
      { kind: "saved", at: NOW, revision: "r", files: 1 } as const,
      held("tests", NOW + 1),
    ];

    expect(line(running({}, 0, 2), history)).toBe(
      "Nobody is watching it, and 2 agents work in it (“again”, “tests”).",
    );
    // A claim may have the name of a hold, and says nothing of it.
    const namesake = [moved(0, { by: "tests" }), held("tests", NOW + 1)];
    expect(line(running({}, 0, 1), namesake)).toContain("1 agent works in it (“tests”)");
    expect(line(running({ heldUntil: NOW + MINUTE }, 0, 1))).toBe(
      "Nobody is watching it, and 1 agent works in it, for 1 min at the longest.",
    );
  });
});

describe("the last signs", () => {
  test("are told as far as they are known", () => {
    expect(why(running({ lastActiveAt: undefined }))[2]).toBe(
      "The provider would pause it by itself in 15 min.",
    );
    expect(why(running({ extendedAt: NOW - 30 * SECOND }))[3]).toBe(
      "The provider would pause it by itself in 15 min, as it confirmed 30 s ago.",
    );
  });
});

describe("when it rests", () => {
  const line = (snapshot: Snapshot) => why(snapshot)[4];
  const leftAt = NOW - 30 * SECOND;

  test("is not at all while the operators hold everything, and soon when its user is suspended", () => {
    expect(why({ ...running(), isEverythingHeld: true })[4]).toBe(
      "It does not rest while the operators hold everything.",
    );
    expect(why({ ...running(), suspendedBecause: "" })[4]).toBe(
      "Its user is suspended, so it rests at the next look.",
    );
  });

  test("is told as late from the very moment on", () => {
    const idleFor = (ms: number) => ({ lastActiveAt: NOW - ms, readyAt: NOW - ms });

    expect(line(running(idleFor(policy.idleAfterMs)))).toBe(
      "It should have gone to rest 0 s ago, and does at the next look.",
    );
    expect(line(running(idleFor(policy.idleAfterMs - 1)))).toBe(
      "Without use it rests in 0 s: 10 min after the last sign of life.",
    );
  });

  test("is by the parting of all only where that comes first, and nobody is there", () => {
    expect(line(running({ leftAt }, 0))).toBe(
      "Everybody left 30 s ago, so it rests in 2 min unless somebody comes back.",
    );
    const byIdleness = "Without use it rests in 9 min: 10 min after the last sign of life.";
    expect(line(running({ leftAt }, 1))).toBe(byIdleness);
    expect(line(running({}, 0))).toBe(byIdleness);
    // Idleness comes first, or at the same moment.
    const idleFor = policy.idleAfterMs - policy.graceAfterLeftMs;
    const idle = (ms: number) => ({ lastActiveAt: NOW - ms, readyAt: NOW - ms, leftAt: NOW });
    expect(line(running(idle(idleFor + 1), 0))).toMatch(/^Without use it rests in 2 min/);
    expect(line(running(idle(idleFor), 0))).toMatch(/^Without use it rests in 2 min/);
    expect(line(running(idle(idleFor - 1), 0))).toMatch(/^Everybody left 0 s ago/);
  });
});

test.each([
  [-1, "from 0 s on"],
  [0, "now"],
  [1, "now"],
])("a run at the time of its renewal and %i ms is renewed before its end, %s", (pastMs, when) => {
  const runStartedAt = NOW - policy.maxRunMs + policy.renewBeforeMs - pastMs;

  expect(why(running({ runStartedAt })).at(-1)).toContain(`it is renewed before, ${when}, in a quiet moment`);
});
