/** Signs of life, looks, openings and renewals in any order: what somebody uses runs, and its end only moves on. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseLeaseId } from "@/lib/ids";
import type { SandboxView } from "@/lib/local/e2b/semantics/sandbox-view";
import { renew } from "@/lib/preview/operations/renew";
import { ageRunUntil } from "@/tests/support/old-run";
import { createWorld, MINUTE, SECOND, scope, type World } from "@/tests/support/world";

interface Turn {
  readonly act: "beat" | "late-event" | "sweep" | "look" | "renew" | "open" | "nothing";
  readonly waitMs: number;
}

const turns = fc.array(
  fc.record({
    act: fc.constantFrom<Turn["act"]>("beat", "late-event", "sweep", "look", "renew", "open", "nothing"),
    waitMs: fc.constantFrom(0, SECOND, 20 * SECOND, 2 * MINUTE, 4 * MINUTE),
  }),
  { minLength: 5, maxLength: 20 },
);

test("in any order of acts, the end of a run never moves back nor past its cap, and nothing used is paused", {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(turns, fc.boolean(), async (sequence, isOld) => {
      const world = await createWorld();
      await world.ready();
      if (isOld) await ageRunUntil(world, 12 * MINUTE);
      let usedAt = world.clock.now();
      let [known] = world.running();
      for (const { act, waitMs } of sequence) {
        await world.advance(waitMs);
        if (act === "beat" || act === "open") usedAt = world.clock.now();
        await carryOut(world, act);
        await world.advance(SECOND);
        known = await expectKept(world, known, usedAt);
      }
      expect(world.faults.count("sandboxes.create")).toBe(1);
    }),
    { seed: 20260102, numRuns: 12 },
  );
});

/** The sandbox that runs now, or the one before while it is being renewed or rests. */
async function expectKept(world: World, known: SandboxView | undefined, usedAt: number) {
  const [sandbox] = world.running();
  const isUsed = world.clock.now() - usedAt < world.policy.idleAfterMs;
  const isRenewing = (await world.record()).reason === "renewal";
  if (isUsed && !isRenewing) expect(sandbox?.sandboxId).toBe(known?.sandboxId);
  if (!sandbox) return known;
  expect(sandbox.endAt).toBeLessThanOrEqual(sandbox.startedAt + world.policy.maxRunMs);
  if (sandbox.startedAt === known?.startedAt) expect(sandbox.endAt).toBeGreaterThanOrEqual(known.endAt);
  return sandbox;
}

async function carryOut(world: World, act: Turn["act"]): Promise<void> {
  switch (act) {
    case "beat":
      await world.beat();
      return;
    case "open":
      await world.open();
      return;
    case "late-event":
      world.emit("user/active", { ts: world.clock.now() - 3 * MINUTE });
      return;
    case "sweep":
      await world.finish(() => world.rekindle.requestSweep());
      return;
    case "look":
      world.emit("preview/check.due");
      return;
    case "renew":
      await world.finish(() =>
        renew(world.runtime, scope, { leaseId: parseLeaseId(`renew-${world.clock.now()}`) }),
      );
      return;
    case "nothing":
      return;
  }
}
