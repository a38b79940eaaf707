/**
 * Owns how a preview may stand when old events reach it, and how time goes on there: with somebody who keeps using it,
 * or with nobody. It must never depend on what is sent meanwhile: two worlds brought into the same situation live through
 * the same times. Fails at once when a situation was not reached.
 */
import { MINUTE, SECOND, type World } from "@/tests/support/world";
import { ageRunUntil } from "../support/old-run";

export type Situation = "paused" | "expired" | "failed" | "in-use" | "near-its-end" | "just-left";

const stateIn: Record<Situation, string> = {
  paused: "paused",
  expired: "expired",
  failed: "failed",
  "in-use": "running",
  "near-its-end": "running",
  "just-left": "running",
};

const user = "v3";

/** From a preview at rest, which has nobody. */
export async function bringInto(world: World, situation: Situation): Promise<void> {
  switch (situation) {
    case "paused":
      break;
    case "expired":
      await loseTheSandbox(world);
      break;
    case "failed":
      await loseTheSandbox(world);
      world.machines.project.installExitCode = 1;
      await world.open(user);
      await world.advance(2 * MINUTE);
      await world.leave(user);
      break;
    case "in-use":
      await world.ready(user);
      await world.beatFor(2 * MINUTE, user);
      break;
    case "near-its-end":
      await world.ready(user);
      await world.beatFor(2 * MINUTE, user);
      await ageRunUntil(world, world.policy.renewBeforeMs + 3 * MINUTE);
      break;
    case "just-left":
      await world.ready(user);
      await world.beatFor(2 * MINUTE, user);
      await world.leave(user);
      break;
  }
  const { state } = await world.record();
  if (state !== stateIn[situation]) throw new Error(`${situation} was not reached: it is ${state}`);
}

async function loseTheSandbox(world: World): Promise<void> {
  for (const { sandboxId } of world.sandboxes()) await world.cloud.kill(sandboxId);
  world.emit("preview/check.due");
  await world.advance(5 * SECOND);
}

export interface Passing {
  /** Time goes on until then; who uses the preview beats at the times at which they would have anyway. */
  until(at: number): Promise<void>;
}

export function passingOf(world: World, situation: Situation): Passing {
  const isInUse = situation === "in-use" || situation === "near-its-end";
  let nextBeatAt = isInUse ? world.clock.now() + world.policy.beatEveryMs : Number.POSITIVE_INFINITY;
  return {
    async until(at) {
      while (nextBeatAt <= at) {
        await world.advance(Math.max(0, nextBeatAt - world.clock.now()));
        await world.beat(user);
        nextBeatAt += world.policy.beatEveryMs;
      }
      await world.advance(Math.max(0, at - world.clock.now()));
    },
  };
}
