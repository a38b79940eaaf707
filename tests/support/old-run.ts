/**
 * Owns making a run old without living through it: the provider's own clock of the run is moved, and Rekindle finds out
 * as it always does, by a look. It must never write the record. Fails at once when not exactly one sandbox runs.
 */
import { createWorld, MINUTE, SECOND, type World } from "./world";

/** The one running sandbox has at most this long until its plan ends the run; the record says so when this returns. */
export async function ageRunUntil(
  world: World,
  leftMs: number,
): Promise<{ sandboxId: string; endsAt: number }> {
  const [sandbox, ...others] = world.running();
  if (!sandbox || others.length > 0) throw new Error(`${others.length + (sandbox ? 1 : 0)} sandboxes run`);
  const { sandboxId, startedAt } = sandbox;
  // The look takes two seconds of it.
  const endsAt = world.clock.now() + 2 * SECOND + leftMs;
  world.cloud.ageRun(sandboxId, startedAt + world.policy.maxRunMs - endsAt);
  world.emit("preview/check.due");
  await world.advance(2 * SECOND);
  return { sandboxId, endsAt };
}

/** A preview in use whose renewal may begin in two minutes, and whose renewal has been asked for. */
export async function nearItsEnd() {
  const world = await createWorld();
  await world.ready();
  const { sandboxId, endsAt } = await ageRunUntil(world, world.policy.renewBeforeMs + 2 * MINUTE);
  world.emit("user/active");
  await world.advance(10 * SECOND);
  const stops: number[] = [];
  const stop = world.machines.stop.bind(world.machines);
  world.machines.stop = async (id) => {
    stops.push(world.clock.now());
    await stop(id);
  };
  return {
    world,
    sandboxId,
    endsAt,
    renewAt: endsAt - world.policy.renewBeforeMs,
    latestAt: endsAt - world.policy.renewAtLatestMs,
    /** When it was stopped, by us or by the provider. */
    stops,
  };
}

export const advanceTo = (world: World, at: number) => world.advance(at - world.clock.now());

export const isRenewed = (world: World, endsAt: number) => async () => {
  const record = await world.record();
  return record.state === "running" && record.runStartedAt > endsAt - world.policy.maxRunMs;
};
