/**
 * Owns the few seeds that have one kind of trouble in plenty, because what it leads to takes several things at the right
 * moments, which chance alone meets too seldom. Each is still one that the fault model has and that people can cause. It
 * must never last past the time that it is given.
 */
import { sleep } from "@/lib/clock";
import type { Scope } from "@/lib/ids";
import { slowestMs } from "../kernel/faults";
import type { World } from "../world/world";
import { nowAndThen } from "./now-and-then";
import { operate, operateUntilDone } from "./operators";
import { reloadAgainAndAgain } from "./visits";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export function haveAHardTime(world: World, scope: Scope, until: number): Promise<unknown> {
  const visitor = { scope, viewerId: `hurries-${scope.projectId}-${scope.userId}` };
  return Promise.all([
    reloadAgainAndAgain(world, visitor, until),
    world.dice.pick(hardTimes)(world, scope, until),
  ]);
}

type HardTime = (world: World, scope: Scope, until: number) => Promise<void>;

/**
 * F4: the provider does all that it is asked, late, while sandboxes are made, and then is itself again. Who makes one is
 * overtaken, and lets go of it at the very time at which who overtook them finds it.
 */
const slowProvider: HardTime = async (world, scope, until) => {
  const { clock, dice, calls, trace } = world;
  while (clock.now() < until) {
    const ends = Math.min(until, clock.now() + dice.between(3, 6) * MINUTE);
    trace.note(`! slow-provider until ${ends}`);
    calls.count("world", "slow-provider");
    calls.slow.set("sandboxes", { until: ends, mostMs: slowestMs });
    await sleep(clock, ends - clock.now() + MINUTE);
    // So that there is something to make.
    if (clock.now() < until) await operate(world, "kill", scope);
  }
};

/** A suspension by mistake: its word is still on its way when it is lifted, and the user goes on with their work. */
const suspendedByMistake: HardTime = (world, scope, until) =>
  nowAndThen(world, [20 * SECOND, 2 * MINUTE], until, async () => {
    await operate(world, "suspend", scope);
    await sleep(world.clock, world.dice.mostlyShort(MINUTE));
    await operateUntilDone(world, "unsuspend", scope);
  });

/** What is met less often stands here twice. */
const hardTimes: readonly HardTime[] = [slowProvider, slowProvider, suspendedByMistake];
