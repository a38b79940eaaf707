/** However often a request reaches Rekindle while it is fresh, it is answered once. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createWorld, MINUTE, SECOND, type World } from "@/tests/support/world";

/** Inngest drops an id that it took within a day; a run that is run again has the same id and is not dropped. */
const again = fc.record({
  afterMs: fc.integer({ min: 0, max: 40 * SECOND }),
  how: fc.constantFrom("sent", "run"),
});

const restingByNow = async (world: World) => {
  await world.ready();
  await world.leave();
  await world.advance(3 * MINUTE);
};

test.each([
  ["starts a preview that was never there", async () => undefined, "paused", [1, 0]],
  ["wakes a preview at rest", restingByNow, "paused", [0, 1]],
  [
    "finds out that a project does not start",
    async (world: World) => {
      world.machines.project.installExitCode = 1;
    },
    "failed",
    [1, 0],
  ],
] as const)("a request that %s does so once, however often it comes", async (_case, prepare, ends, did) => {
  await fc.assert(
    fc.asyncProperty(fc.array(again, { minLength: 6, maxLength: 12 }), async (repetitions) => {
      const world = await createWorld();
      await prepare(world);
      const before = opened(world);
      const ts = world.clock.now();
      world.emit("preview/requested", { id: "asked-once", ts });
      await world.advance(SECOND);
      const [first] = world.runsOf("open-preview").filter(({ eventId }) => eventId === "asked-once");

      for (const { afterMs, how } of repetitions) {
        await world.advance(afterMs);
        if (how === "sent") world.emit("preview/requested", { id: "asked-once", ts });
        else world.engine.rerun(String(first?.id));
      }
      expect(world.clock.now() - ts).toBeLessThan(world.policy.requestFreshForMs);
      await world.leave();
      await world.until(async () => (await world.record()).state === ends);
      world.engine.rerun(String(first?.id));
      await world.advance(5 * MINUTE + SECOND);

      expect((await world.record()).state).toBe(ends);
      expect(world.running()).toEqual([]);
      expect(opened(world).map((count, index) => count - (before[index] ?? 0))).toEqual(did);
    }),
    { numRuns: 4, seed: 20261124, endOnFailure: true },
  );
});

/** How often a sandbox was made, and how often one was woken. */
const opened = ({ faults }: World): readonly number[] => [
  faults.count("sandboxes.create"),
  faults.count("sandboxes.connect"),
];
