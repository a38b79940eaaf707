/** Whatever people and agents do with a running preview, in whatever order: who uses it keeps it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { HistoryEntry } from "@/lib/preview/history";
import { createWorld, SECOND, scope, type World } from "@/tests/support/world";
import { doOnce, type Memory, type Use, uses } from "./uses";

/** Twelve hours of virtual time, on a machine that does other work besides. */
const LONG_TEST_MS = 180_000;

test(
  "a preview in use keeps its run, its memory and its one sandbox, whoever does what",
  async () => {
    const seen = { rests: 0, renewals: 0, extensions: 0 };
    await fc.assert(
      fc.asyncProperty(uses, async (acts) => {
        const world = await createWorld();
        const memory: Memory = { signs: [], holds: [] };
        await doOnce(world, memory, { kind: "open", viewer: "v1" });
        await world.until(async () => (await world.record()).state === "running");
        const ends = watchOfEnds(world);

        for (const act of acts) await live(world, memory, act, ends.look);

        const moves = await movesOutOfUse(world);
        expect(moves.flatMap((move) => whoLostIt(world, memory, move))).toEqual([]);
        expect(ends.faults).toEqual([]);
        expect(world.sandboxes()).toHaveLength(1);
        // Its memory was kept: what was installed and started at first is all that ever was.
        expect(world.machines.startedJobs).toHaveLength(2);
        seen.rests += moves.filter(({ reason }) => reason !== "renewal").length;
        seen.renewals += moves.filter(({ reason }) => reason === "renewal").length;
        seen.extensions += world.faults.count("sandboxes.extend");
      }),
      { numRuns: 6, seed: 20261124, endOnFailure: true },
    );
    // Otherwise it would hold of previews to which nothing happens.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(2);
  },
  LONG_TEST_MS,
);

/** Short enough that a wrong end is seen before the next one mends it. */
const LOOK_EVERY_MS = 15 * SECOND;

async function live(world: World, memory: Memory, act: Use, look: () => void): Promise<void> {
  if (act.kind === "advance") {
    const until = world.clock.now() + act.ms;
    while (world.clock.now() < until) {
      await world.advance(Math.min(LOOK_EVERY_MS, until - world.clock.now()));
      look();
    }
  } else {
    await doOnce(world, memory, act);
    look();
  }
}

/** Within one run the provider's end only moves later, and never past the plan's longest run. */
function watchOfEnds(world: World) {
  const faults: string[] = [];
  const latest = new Map<string, number>();
  const look = () => {
    for (const { sandboxId, startedAt, endAt } of world.running()) {
      const run = `${sandboxId} since ${startedAt}`;
      const before = latest.get(run) ?? 0;
      if (endAt < before) faults.push(`${run} ended at ${before}, and then at ${endAt}`);
      if (endAt > startedAt + world.policy.maxRunMs) faults.push(`${run} would end at ${endAt}`);
      latest.set(run, Math.max(before, endAt));
    }
  };
  return { faults, look };
}

type Move = Extract<HistoryEntry, { kind: "moved" }>;

async function movesOutOfUse(world: World): Promise<readonly Move[]> {
  const history = await world.rekindle.history(scope);
  return history.filter((entry): entry is Move => entry.kind === "moved" && entry.from === "running");
}

/** Who was using it when it went out of use. A renewal brings it back by itself, so nobody loses it. */
function whoLostIt(world: World, { signs, holds }: Memory, { at, reason, to }: Move): readonly string[] {
  if (reason === "renewal") return [];
  const { idleAfterMs } = world.policy;
  const users = signs.filter(({ at: activeAt, knownAt, leftAt }) => {
    // Who left is still waited for as anybody who stopped, unless everybody left.
    const isThere = reason !== "left" || leftAt > at;
    return isThere && knownAt < at && at - activeAt < idleAfterMs;
  });
  const viewers = reason === "left" ? users.filter(({ viewer }) => viewer !== undefined) : users;
  const lost = `${to} (${reason}) at ${at}`;
  return [
    ...viewers.map((sign) => `${lost}: ${sign.viewer ?? "the product's user"} was active at ${sign.at}`),
    ...holds.filter(({ from, until }) => from < at && at < until).map(({ key }) => `${lost}: ${key} held it`),
  ];
}
