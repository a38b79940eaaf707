/**
 * Owns agents at work: each holds a preview, edits files inside its sandbox, and gives the hold back or crashes and never
 * does. It must never connect to a sandbox by itself.
 */
import { sleep } from "@/lib/clock";
import type { Scope } from "@/lib/ids";
import { longestHoldMs, type World } from "../world/world";
import { nowAndThen } from "./now-and-then";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export function workNowAndThen(world: World, scope: Scope, until: number): Promise<void> {
  let pieces = 0;
  return nowAndThen(world, [30 * SECOND, 6 * MINUTE], until, () => {
    pieces += 1;
    return work(world, scope, `agent-work-${pieces}`);
  });
}

async function work(world: World, scope: Scope, key: string): Promise<void> {
  const { clock, dice } = world;
  const maxMs = Math.floor(dice.between(MINUTE, longestHoldMs));
  const held = await world.run(({ rekindle }) => rekindle.hold(scope, { key, maxMs }));
  if (held.kind === "threw") world.refused("hold", held.error);
  if (held.kind !== "answered") return;
  world.signs?.held(scope, key, held.value.endsAt);
  const endsAt = clock.now() + dice.between(10 * SECOND, Math.min(maxMs, 4 * MINUTE));
  while (clock.now() < endsAt) {
    world.work.editIn(held.value.sandboxId, scope);
    await sleep(clock, dice.between(5 * SECOND, MINUTE));
  }
  if (dice.happens(0.15)) return;
  world.signs?.released(scope, key);
  const released = await world.run(({ rekindle }) => rekindle.release(scope, key));
  if (released.kind === "threw") world.refused("release", released.error);
}
