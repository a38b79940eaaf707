/**
 * Owns at which points of a first act the second one happens. A first act waits before each call of a port; calls before
 * which record and provider stand alike are one point, and it is driven before the last of them: there the first act has
 * looked for the last time and knows least of what comes. The moment before the very first call is left out, since it is
 * the other order of the same two acts. It must never drive anything itself.
 */
import { SECOND, scope, type World } from "@/tests/support/world";
import { begin } from "./acts";
import { worldIn } from "./starts";
import type { Act, Row } from "./table";

export type Point =
  /** Before the call of this number, counted from the act's beginning. */
  | { readonly kind: "before"; readonly number: number; readonly call: string; readonly seen: string }
  | { readonly kind: "afterwards" };

export async function pointsOf({ first, in: start, mostPoints }: Row): Promise<Point[]> {
  const world = await worldIn(start);
  const calls: { readonly number: number; readonly call: string; readonly seen: string }[] = [];
  let number = 0;
  world.faults.interpose(async (call) => {
    number += 1;
    if (call !== "store.takeDue") calls.push({ number, call, seen: await seenIn(world) });
  });
  begin(world, first).catch(() => undefined);
  await world.advance(longestMs(world, first));
  world.faults.interpose(undefined);
  const { leaseId } = await world.record();
  if (leaseId) throw new Error(`${first} in ${start} takes longer than it is waited for`);
  const lastOfEach = calls.filter(({ seen }, index) => index > 0 && seen !== calls[index + 1]?.seen);
  const inner = lastOfEach.slice(0, mostPoints).map((call) => ({ kind: "before" as const, ...call }));
  return [...inner, { kind: "afterwards" }];
}

/** How long the first act takes at most, when nothing comes between. */
export function longestMs({ policy }: World, act: Act): number {
  switch (act) {
    case "left":
      return policy.graceAfterLeftMs + 15 * SECOND;
    case "idle":
      return policy.idleAfterMs + 15 * SECOND;
    default:
      return 20 * SECOND;
  }
}

/** What another act finds: the record as far as decisions read it, and the provider's side. */
async function seenIn(world: World): Promise<string> {
  const { snapshot } = await world.store.read(scope);
  const { state, wanted, leaseKind, leftAt } = snapshot.record;
  const sandboxes = world.sandboxes().map((view) => view.state);
  return [state, wanted, leaseKind, leftAt && "left", `holds ${snapshot.holds}`, ...sandboxes].join(" ");
}
