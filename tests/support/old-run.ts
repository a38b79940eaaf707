/**
 * Owns making a run old without living through it: the provider's own clock of the run is moved, and Rekindle finds out
 * as it always does, by a look. It must never write the record. Fails at once when not exactly one sandbox runs.
 */
import { SECOND, type World } from "./world";

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
