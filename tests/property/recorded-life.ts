/**
 * Owns a preview's whole life in a world of virtual time, and the log of the events that Inngest took during it: what an
 * operator could send again later. It must never contain what only the engine itself may send. Fails at once when the
 * life did not go as it is told here, for then the log would be of something else.
 */
import { MINUTE, SECOND, scope, type World } from "@/tests/support/world";
import { ageRunUntil } from "../support/old-run";

export interface LoggedEvent {
  readonly id: string;
  readonly name: string;
  readonly ts: number;
  readonly data: Record<string, unknown>;
}

/** Opened, used, left, come back to, held by an agent, renewed, forgotten: at the end it rests. */
export async function liveWholly(world: World): Promise<readonly LoggedEvent[]> {
  await world.ready("v1");
  await world.beatFor(5 * MINUTE, "v1");
  await world.leave("v1");
  await world.advance(3 * MINUTE);
  await expectState(world, "paused", "left");
  world.emit("preview/requested");
  await world.advance(10 * SECOND);
  await world.open("v2");
  await world.finish(() => world.rekindle.hold(scope, { key: "agent", maxMs: 30 * MINUTE }));
  await world.advance(4 * MINUTE);
  await world.finish(() => world.rekindle.sync(scope));
  await world.finish(() => world.rekindle.release(scope, "agent"));
  await ageRunUntil(world, world.policy.renewBeforeMs + 30 * SECOND);
  await world.beatFor(8 * MINUTE, "v2");
  await expectState(world, "running", "renewed");
  await world.advance(15 * MINUTE);
  await world.finish(() => world.rekindle.requestSweep());
  await world.advance(SECOND);
  await expectState(world, "paused", "idle");
  return eventsSoFar(world);
}

export function eventsSoFar(world: World): readonly LoggedEvent[] {
  return world.engine
    .history()
    .events.filter(({ name }) => !name.startsWith("inngest/"))
    .map(({ id, name, ts, data }) => ({ id, name, ts, data: { ...Object(data) } }));
}

async function expectState(world: World, state: string, reason: string): Promise<void> {
  const record = await world.record();
  if (record.state !== state || record.reason !== reason) {
    throw new Error(
      `the life went wrong: ${record.state} (${record.reason}) instead of ${state} (${reason})`,
    );
  }
}
