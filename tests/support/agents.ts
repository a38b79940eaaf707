/**
 * Owns agents in virtual time: a hold that is taken with what follows from it, and work that goes on while time passes.
 * It must never take a hold by itself. Fails as the work does.
 */
import { SECOND, scope, type World } from "./world";

/** A hold taken, and what follows from it in the next moments. */
export async function hold(world: World, key: string, maxMs: number) {
  const held = await world.finish(() => world.rekindle.hold(scope, { key, maxMs }));
  await world.advance(8 * SECOND);
  return held;
}

/** Begins the work of an agent, and lets so much time pass. */
export async function afterWork<T>(world: World, passMs: number, work: () => Promise<T>): Promise<T> {
  const worked = world.begin(work);
  worked.catch(() => undefined);
  await world.advance(passMs);
  return worked;
}
