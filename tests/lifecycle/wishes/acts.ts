/**
 * Owns how each act of the table happens: through the entrance that a person, an agent, a product or the provider uses.
 * As a second act it is carried out while the first one's worker waits, so what Rekindle's own functions do (idle, renewal,
 * extension) is the operation that the function's step calls. It must never wait longer than a step may take, but for
 * idleness. Acts that are refused reject with errors of the catalogue.
 */

import { sleep } from "@/lib/clock";
import { parseLeaseId } from "@/lib/ids";
import { renewAt } from "@/lib/preview/decide";
import { extend } from "@/lib/preview/operations/extend";
import { renew } from "@/lib/preview/operations/renew";
import { HOUR, MINUTE, SECOND, scope, type World } from "@/tests/support/world";
import { viewerId } from "./starts";
import type { Act } from "./table";

/** Longer than a preview waits for a sign of life, and longer than any claim is held for a worker that gives none. */
export const idleMs = (world: World): number => world.policy.idleAfterMs + 2 * MINUTE;

const task = { key: "task", maxMs: HOUR };

/** Begins it as the first act; what follows from it is the engine's and the clock's. */
export async function begin(world: World, act: Act): Promise<unknown> {
  switch (act) {
    case "idle":
      return;
    case "extension":
      return world.emit("user/active");
    case "renewal": {
      const record = await world.record();
      const run = "runStartedAt" in record ? record.runStartedAt : undefined;
      return world.emit("preview/renewal.due", { data: { run, at: renewAt(record, world.policy) } });
    }
    default:
      return carryOut(world, act);
  }
}

/** Carries it out as the second act, in the very moment in which the first one waits. */
export async function carryOut(world: World, act: Act): Promise<unknown> {
  const { rekindle, runtime } = world;
  switch (act) {
    case "open":
      return world.begin(() => rekindle.open({ ...scope, viewerId }));
    case "beat":
      return world.begin(() => rekindle.beat({ ...scope, viewerId }));
    case "left":
      return world.begin(() => rekindle.leave({ ...scope, viewerId }));
    case "hold":
      return world.begin(() => rekindle.hold(scope, task));
    case "renewal":
      return world.begin(() => renew(runtime, scope, { leaseId: parseLeaseId("renew-second") }));
    case "extension":
      return world.begin(() => extend(runtime, scope, world.clock.now()));
    case "kill":
      for (const { sandboxId } of world.sandboxes()) await world.cloud.kill(sandboxId);
      // E2B's webhook asks for a look, and who is there would by the next sign of life.
      return world.emit("preview/check.due");
    case "idle":
      // Nobody does anything for so long, and neither does the worker that waits.
      return sleep(runtime.clock, idleMs(world));
  }
}

/** Waits for the work, but no longer than a worker may be held up. */
export function atMost(world: World, act: Act, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const longestMs = act === "idle" ? HOUR : 10 * SECOND;
    const cancel = world.runtime.clock.after(longestMs, resolve);
    const end = () => {
      cancel();
      resolve();
    };
    work.then(end, end);
  });
}
