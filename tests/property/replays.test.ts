/**
 * Old events, run again or sent again in any order and number, at any later time: nothing of a whole life's log creates,
 * wakes, pauses or kills anything once it is over, and nobody who is there loses time by it.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { HistoryEvent, HistoryRun } from "@/lib/local/inngest/history";
import { ageRunUntil } from "@/tests/support/old-run";
import { createWorld, HOUR, MINUTE, SECOND, scope, type World } from "@/tests/support/world";

/** Open, use, leave, return by the product's own event, hold and release, renewal, idle: every event that there is. */
async function aWholeLife(world: World): Promise<void> {
  await world.ready("v1");
  await world.advance(5 * MINUTE);
  await world.beat("v1");
  await world.leave("v1");
  await world.advance(world.policy.graceAfterLeftMs + 10 * SECOND);
  world.emit("preview/requested", { id: "asked-by-the-product" });
  await world.advance(MINUTE);
  await world.finish(() => world.rekindle.hold(scope, { key: "task", maxMs: HOUR }));
  await world.finish(() => world.rekindle.release(scope, "task"));
  await ageRunUntil(world, 6 * MINUTE);
  await world.beat("v2");
  await world.advance(MINUTE);
  await world.until(async () => (await world.record()).state === "paused", 15 * MINUTE);
  const names = new Set(world.engine.history().events.map(({ name }) => name));
  expect([...names]).toEqual(expect.arrayContaining([...everyKind]));
}

const everyKind = [
  "preview/requested",
  "preview/ready",
  "user/active",
  "user/left",
  "preview/renewal.due",
  "preview/check.due",
  "preview/expiring",
  "preview/paused",
];

interface Log {
  readonly events: readonly HistoryEvent[];
  readonly runs: readonly HistoryRun[];
}

const isOurs = (name: string): boolean => name.startsWith("preview/") || name.startsWith("user/");

/** All but the crons' runs, which nobody can run again, and the engine's own events, which nobody can send. */
function logOf(world: World): Log {
  const { events, runs } = world.engine.history();
  return {
    events: events.filter(({ name }) => isOurs(name)),
    runs: runs.filter(({ eventName }) => isOurs(eventName)),
  };
}

interface Replay {
  readonly how: "run-again" | "sent-again" | "sent-again-by-its-id";
  /** Which entry of the log, counted around. */
  readonly which: number;
  readonly afterMs: number;
}

function replayOf(world: World, log: Log, { how, which }: Replay): void {
  const run = log.runs[which % log.runs.length];
  const event = log.events[which % log.events.length];
  if (!run || !event) throw new Error("there is nothing to replay");
  if (how === "run-again") {
    world.engine.rerun(run.id);
    return;
  }
  const { name, ts, id } = event;
  world.engine.sendEvent({
    name,
    data: { ...Object(event.data) },
    ts,
    ...(how === "sent-again" ? {} : { id }),
  });
}

const replays = (...afterMs: number[]) =>
  fc.array(
    fc.record({
      how: fc.constantFrom<Replay["how"]>("run-again", "sent-again", "sent-again-by-its-id"),
      which: fc.nat(200),
      afterMs: fc.constantFrom(...afterMs),
    }),
    { minLength: 4, maxLength: 12 },
  );

/** The same runs each time; a failure is shrunk, as long as time allows, to the fewest replays that show it. */
const few = { seed: 20260101, numRuns: 2, interruptAfterTimeLimit: 90_000, markInterruptAsFailure: true };

const overs: [string, (world: World) => Promise<void>][] = [
  ["paused", async () => undefined],
  [
    "expired",
    async (world) => {
      for (const { sandboxId } of world.sandboxes()) await world.cloud.kill(sandboxId);
      world.emit("preview/check.due");
      await world.advance(10 * SECOND);
    },
  ],
  [
    "failed",
    async (world) => {
      for (const { sandboxId } of world.sandboxes()) await world.cloud.kill(sandboxId);
      world.machines.project.installExitCode = 1;
      await world.open();
      await world.until(async () => (await world.record()).state === "failed");
      await world.advance(10 * SECOND);
    },
  ],
];

/** At once, or when Inngest knows the events' ids no longer, which it does for a day (inngest.md §2.6, 2026-11-22). */
const cases = overs.flatMap(([state, end]) => [0, 25].map((hours) => [state, hours, end] as const));

test.each(cases)(
  "once a life is over (%s) and %i hours later, no replay of it changes anything",
  { timeout: 120_000 },
  async (state, hours, end) => {
    await fc.assert(
      fc.asyncProperty(replays(0, 2 * SECOND, MINUTE, 20 * MINUTE), async (sequence) => {
        const world = await createWorld();
        await aWholeLife(world);
        await end(world);
        const log = logOf(world);
        const before = await lastingPart(world);
        expect(before.state).toBe(state);
        const runsBefore = new Set(world.engine.history().runs.map(({ id }) => id));

        // The sweep has nothing to do, and a day of it is hundreds of runs.
        world.engine.pauseFunction("rekindle-sweep-previews");
        await world.advance(hours * HOUR);
        for (const replay of sequence) {
          await world.advance(replay.afterMs);
          replayOf(world, log, replay);
        }
        world.engine.resumeFunction("rekindle-sweep-previews");
        await world.advance(15 * MINUTE);

        expect(await lastingPart(world)).toEqual(before);
        const openings = world.runsOf("open-preview").filter(({ id }) => !runsBefore.has(id));
        for (const { output } of openings) {
          expect(["stale-request", "completed"]).toContain(Object(output).result);
        }
      }),
      { ...few, numRuns: 1 },
    );
  },
);

test("while somebody uses it again, no replay ends, renews or shortens the run", {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(replays(0, 2 * SECOND, 30 * SECOND, 2 * MINUTE), async (sequence) => {
      const world = await createWorld();
      await aWholeLife(world);
      const log = logOf(world);
      await world.ready("v3");
      const callsBefore = actsOn(world);
      let [sandbox] = world.running();

      for (const replay of sequence) {
        await world.advance(replay.afterMs);
        replayOf(world, log, replay);
        await world.advance(SECOND);
        await world.beat("v3");
        const [now] = world.running();
        expect(now?.startedAt).toBe(sandbox?.startedAt);
        expect(now?.endAt).toBeGreaterThanOrEqual(Number(sandbox?.endAt));
        sandbox = now;
      }
      await world.advance(5 * MINUTE);

      expect(await world.record()).toMatchObject({ state: "running", sandboxId: sandbox?.sandboxId });
      expect(actsOn(world)).toEqual(callsBefore);
    }),
    few,
  );
});

/** What an event of the past must not change: all but how often somebody looked. */
async function lastingPart(world: World) {
  const { state, reason, wanted, changedAt, lastActiveAt, leaseId } = await world.record();
  const sandboxes = world.sandboxes().map(({ sandboxId, state: at, endAt }) => ({ sandboxId, at, endAt }));
  const history = await world.store.history(scope, world.policy.historyEntries);
  return { state, reason, wanted, changedAt, lastActiveAt, leaseId, sandboxes, history };
}

/** Calls that change what runs. */
function actsOn(world: World): Record<string, number> {
  const calls = ["create", "connect", "pause", "kill", "reboot"].map((call) => `sandboxes.${call}`);
  return Object.fromEntries(calls.map((call) => [call, world.faults.count(call)]));
}
