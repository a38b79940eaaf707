/**
 * Owns how a list of the provider's can be behind: what was made a moment ago is not in it, and what changed a moment ago
 * stands in it as before. It must never be older than `LONGEST_MS`, and never touch an answer about one sandbox.
 */
import type { Clock } from "@/lib/clock";
import type { LifecycleEvent } from "@/lib/local/e2b/semantics/lifecycle-event";
import type { Dice } from "../kernel/dice";

const LONGEST_MS = 45_000;

interface Listed {
  readonly sandboxId: string;
  readonly state?: "running" | "paused";
}

/** `befallen` is told of each list that is not what it ought to be. */
export function staleness(clock: Clock, dice: Dice, probability: () => number, befallen: () => void) {
  const changes = new Map<string, { readonly at: number; readonly kind: LifecycleEvent["change"]["kind"] }>();
  return {
    hear({ sandbox, change }: LifecycleEvent): void {
      changes.set(sandbox.sandboxId, { at: clock.now(), kind: change.kind });
    },
    of<T extends Listed>(list: readonly T[]): readonly T[] {
      if (!dice.happens(probability())) return list;
      const since = clock.now() - dice.between(0, LONGEST_MS);
      const isBehind = ({ sandboxId }: T) => (changes.get(sandboxId)?.at ?? 0) >= since;
      if (!list.some(isBehind)) return list;
      befallen();
      return list.flatMap((listed) => {
        const change = changes.get(listed.sandboxId);
        if (!change || !isBehind(listed)) return [listed];
        switch (change.kind) {
          case "created":
            return [];
          case "paused":
            return [{ ...listed, state: "running" }];
          case "resumed":
            return [{ ...listed, state: "paused" }];
          default:
            return [listed];
        }
      });
    },
  };
}
