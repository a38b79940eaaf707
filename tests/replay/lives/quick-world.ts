/** Owns worlds whose project is up at once, since most lives are not about its start. It must never change a policy. */
import { createWorld, SECOND, type World, type WorldOptions } from "@/tests/support/world";

export const quickWorld = (options: WorldOptions = {}): Promise<World> =>
  createWorld({ ...options, project: { installMs: SECOND, answersAfterMs: SECOND, ...options.project } });

/** Opened, and in use. */
export async function quicklyReady(options: WorldOptions = {}): Promise<World> {
  const world = await quickWorld(options);
  await world.ready();
  return world;
}
