/**
 * Owns what tests of one operation share: a world in which nothing but that operation acts, and its arguments. It must
 * never send an event, or functions would act as well.
 */
import { parseLeaseId } from "@/lib/ids";
import { type OpenOutcome, type OpenRequest, open } from "@/lib/preview/operations/open";
import type { Reason } from "@/lib/preview/reasons";
import { keysOf } from "@/lib/store/keys";
import type { Lease } from "@/lib/store/store";
import { granted } from "@/tests/support/rested";
import { createWorld, scope, type World } from "@/tests/support/world";

export const lease = parseLeaseId("the-operation");
export const elses = parseLeaseId("somebody-else");

/** One whose servers answer. */
export async function answeringWorld(options: Parameters<typeof createWorld>[0] = {}): Promise<World> {
  const world = await createWorld(options);
  world.probes.answer = async () => ({ kind: "answers", status: 200 });
  return world;
}

export const openNow = (world: World, request: Partial<OpenRequest> = {}): Promise<OpenOutcome> =>
  world.finish(() => open(world.runtime, scope, { leaseId: lease, isByPerson: true, ...request }));

/** Before the next call of this name, once. */
export function asItCalls(world: World, call: string, act: () => Promise<unknown>): void {
  world.faults.interpose(async (name) => {
    if (name !== call) return;
    world.faults.interpose(undefined);
    await act();
  });
}

/** As if the claim had not been renewed for too long. */
export async function lapse(world: World): Promise<void> {
  const [key] = keysOf("test", scope).all;
  await world.redis.command("HSET", key, "leaseUntil", "1");
}

/** The claim has lapsed, and somebody else goes on. */
export async function overtake(world: World): Promise<Lease> {
  await lapse(world);
  return granted(
    await world.store.claim(scope, {
      ...{ kind: "open", leaseId: elses, isByPerson: false, isDoubted: true, bootId: "theirs" },
    }),
  );
}

/** The operation's own claim, as it has one before it acts. */
export const claim = async (
  world: World,
  kind: "open" | "settle" | "pause",
  reason?: Reason,
): Promise<Lease> =>
  granted(
    await world.store.claim(scope, {
      ...(kind === "open" ? { kind, isByPerson: false, isDoubted: true, bootId: "boot" } : { kind }),
      leaseId: lease,
      ...(reason === undefined ? {} : { reason }),
    }),
  );

/** When it is looked at if everybody else forgot it. */
export async function lookedAtIn(world: World): Promise<number | undefined> {
  const at = await world.redis.command("ZSCORE", "rekindle:test:due", "p1/u1");
  return at === null ? undefined : Number(at) - world.clock.now();
}
