/**
 * Owns I4 and the holds: nothing is brought to rest for want of use while a sign of life younger than the idle time was
 * accepted before the decision, nor under a hold. What counts as accepted is what the simulation itself was answered.
 */
import type { Scope } from "@/lib/ids";
import type { World } from "../world/world";
import { nameOf, type Rule, type Watch } from "./watch";

/** Reasons for which a preview is only brought to rest while nobody uses it. */
const forWantOfUse = ["idle", "left", "evicted"];

export interface SignsOfLife {
  /** Its answer may come long after it was accepted; `begunAt` is certainly not later than that. */
  accepted(scope: Scope, begunAt: number): void;
  held(scope: Scope, key: string, endsAt: number): void;
  released(scope: Scope, key: string): void;
  readonly rule: Rule;
}

export function signsOfLife(world: World, watch: Watch): SignsOfLife {
  const lastAccepted = new Map<string, number>();
  const holds = new Map<string, Map<string, number>>();
  const wokenAt = new Map<string, number>();
  return {
    accepted: (scope, begunAt) => {
      lastAccepted.set(nameOf(scope), Math.max(lastAccepted.get(nameOf(scope)) ?? 0, begunAt));
    },
    held: (scope, key, endsAt) => {
      const of = holds.get(nameOf(scope)) ?? new Map<string, number>();
      holds.set(nameOf(scope), of.set(key, endsAt));
    },
    released: (scope, key) => holds.get(nameOf(scope))?.delete(key),
    rule: {
      name: "I4",
      seen({ scope, before, after: { state, reason = "" } }) {
        // Who had it forgotten gave up its holds as well.
        if (state === undefined) forgotten(scope);
        if (state === "resuming" && before.state !== "resuming")
          wokenAt.set(nameOf(scope), world.clock.now());
        const isDecision = state === "pausing" && before.state === "running" && forWantOfUse.includes(reason);
        // What Redis was told and has forgotten it cannot know.
        // Woken only so that its work could be saved, while all that anybody could see was that it rests.
        const isForItsWork =
          before.reason === "last-save" && !isUsedSince(scope, wokenAt.get(nameOf(scope)) ?? 0);
        if (isDecision && !isForItsWork && world.losses.count === 0) judge(scope, reason);
      },
    },
  };

  function forgotten(scope: Scope): void {
    holds.delete(nameOf(scope));
    lastAccepted.delete(nameOf(scope));
  }

  function isUsedSince(scope: Scope, at: number): boolean {
    return (lastAccepted.get(nameOf(scope)) ?? 0) >= at || (holds.get(nameOf(scope))?.size ?? 0) > 0;
  }

  function judge(scope: Scope, reason: string): void {
    const now = world.clock.now();
    const sinceMs = now - (lastAccepted.get(nameOf(scope)) ?? 0);
    if (sinceMs < leastOf(world, reason))
      watch.report("I4", `${nameOf(scope)} goes to rest (${reason}) ${sinceMs} ms after a sign of life`);
    for (const [key, endsAt] of holds.get(nameOf(scope)) ?? [])
      if (endsAt > now)
        watch.report("holds", `${nameOf(scope)} goes to rest (${reason}) under the hold ${key}`);
  }
}

function leastOf({ policy }: World, reason: string): number {
  if (reason === "idle") return policy.idleAfterMs;
  // Who left gave a sign by that: the grace runs from it.
  return reason === "left" ? 0 : policy.evictAfterMs;
}
