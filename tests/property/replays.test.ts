/** Whatever of a preview's past is sent again, in whatever order and however often: nothing comes of it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isClaimed } from "@/lib/preview/record";
import { createWorld, HOUR, MINUTE, SECOND, scope, type World } from "@/tests/support/world";
import { type LoggedEvent, liveWholly } from "./recorded-life";
import { bringInto, passingOf, type Situation } from "./situations";

/** An operator's or a sender's second sending of something that happened. */
interface Resent {
  readonly pick: number;
  readonly afterMs: number;
  /** Inngest drops an id that it took within a day; what a dashboard sends again has a new one. */
  readonly hasNewId: boolean;
}

const resent: fc.Arbitrary<Resent> = fc.record({
  pick: fc.nat(10_000),
  afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 8 * SECOND })),
  hasNewId: fc.constantFrom(true, true, false),
});

const delayMs = fc.oneof(
  fc.constantFrom(0, 9 * MINUTE, 25 * HOUR, 72 * HOUR),
  fc.integer({ min: 0, max: 2 * HOUR }),
);

/** Longer than the log: all of it in some order, and then some of it again. */
const sending = fc.array(resent, { minLength: 30, maxLength: 45 });
const parameters = { numRuns: 2, seed: 20261124, endOnFailure: true };

describe("the past of a preview sent again", () => {
  test.each(["paused", "expired", "failed"] as const)(
    "changes nothing of one that is %s",
    async (situation) => {
      await fc.assert(
        fc.asyncProperty(delayMs, sending, async (restedMs, resending) => {
          const { sent, before, after } = await settle(situation, restedMs, resending);

          expect(sent).toBeGreaterThan(0);
          expect(after).toEqual(before);
        }),
        parameters,
      );
    },
  );

  // What goes on by itself is told apart by a twin that lives through the same without hearing of the past.
  test.each(["in-use", "near-its-end", "just-left"] as const)(
    "leaves one that is %s to what would have become of it anyway",
    async (situation) => {
      await fc.assert(
        fc.asyncProperty(delayMs, sending, async (restedMs, resending) => {
          const subject = await settle(situation, restedMs, resending);
          const twin = await settle(situation, restedMs, resending, isKeptFromThePast);

          expect(subject.sent).toBeGreaterThan(0);
          expect(subject.after).toEqual(twin.after);
          expect(subject.mostRunning).toBe(1);
          // E2B counts in whole seconds.
          expect(subject.runsUntil).toBeGreaterThanOrEqual(twin.runsUntil - SECOND);
        }),
        parameters,
      );
    },
  );
});

const isKeptFromThePast = (): boolean => false;

/** Lives, rests, comes into the situation, is sent what is sent of its past, and settles. */
async function settle(
  situation: Situation,
  restedMs: number,
  resending: readonly Resent[],
  isSent = isOfThePast,
) {
  const world = await createWorld();
  const log = await liveWholly(world);
  await rest(world, restedMs);
  await bringInto(world, situation);
  const before = await lastingPart(world);
  const passing = passingOf(world, situation);
  let [at, sent, mostRunning] = [world.clock.now(), 0, 0];
  for (const { event, afterMs, hasNewId } of inOrder(log, resending)) {
    at += afterMs;
    await passing.until(at);
    if (isSent(world, event)) {
      const { id, ...anonymous } = event;
      world.engine.sendEvent(hasNewId ? anonymous : { id, ...anonymous });
      sent += 1;
    }
    mostRunning = Math.max(mostRunning, world.running().length);
  }
  const settledAt = at + settlingMs(world);
  while (at < settledAt) {
    at += world.policy.beatEveryMs;
    await passing.until(at);
    mostRunning = Math.max(mostRunning, world.running().length);
  }
  const runsUntil = Math.max(0, ...world.running().map(({ endAt }) => endAt));
  return { sent, mostRunning, runsUntil, before, after: await lastingPart(world) };
}

/** The whole log, in the order of the picks, and then what they pick from it. */
function inOrder(log: readonly LoggedEvent[], resending: readonly Resent[]) {
  const permuted = log
    .map((event, index) => ({ event, pick: resending[index]?.pick ?? 0 }))
    .sort((left, right) => left.pick - right.pick)
    .map(({ event }) => event);
  return resending.flatMap(({ pick, ...how }, index) => {
    const event = permuted[index] ?? log[pick % log.length];
    return event ? [{ event, ...how }] : [];
  });
}

/** Days without a sweep, which has nothing to do here and would take most of the test's time. */
async function rest(world: World, restedMs: number): Promise<void> {
  world.engine.pauseFunction("rekindle-sweep-previews");
  world.engine.pauseFunction("rekindle-audit-sandboxes");
  await world.advance(restedMs);
  world.engine.resumeFunction("rekindle-sweep-previews");
}

/** All but a request that somebody may still be waiting for. */
const isOfThePast = ({ clock, policy }: World, { name, ts }: LoggedEvent): boolean =>
  name !== "preview/requested" || clock.now() - ts > policy.requestFreshForMs;

/** Two sweeps, a lease, and the grace of who left. */
const settlingMs = ({ policy }: World): number => 2 * 5 * MINUTE + policy.leaseMs + policy.graceAfterLeftMs;

const acting = ["create", "connect", "pause", "kill", "reboot"];

/** What an event of the past must not change: all but who looked, and when. */
async function lastingPart(world: World) {
  const { snapshot } = await world.store.read(scope);
  const { record } = snapshot;
  const { state, reason, wanted, cameBack, revision, lastActiveAt } = record;
  return {
    record: { state, reason, wanted, cameBack, revision, lastActiveAt },
    isClaimed: isClaimed(snapshot),
    sandbox: "sandboxId" in record ? record.sandboxId : undefined,
    sandboxes: world.sandboxes().map(({ sandboxId, state: at }) => [sandboxId, at]),
    calls: acting.map((call) => [call, world.faults.count(`sandboxes.${call}`)]),
    jobs: world.machines.startedJobs.length,
  };
}
