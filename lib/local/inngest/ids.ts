/**
 * Owns the engine's ids: ULIDs of its own clock and random source, rising also within one millisecond, because
 * `cancelOn` compares an event's id with a run's (inngest.md §2.4). It must never take time or entropy from the SDK,
 * which uses the machine's clock: the same seed has to give the same trace. Cannot fail.
 */
import { createHash } from "node:crypto";
import { monotonicFactory } from "ulid";
import type { Clock } from "@/lib/clock";
import type { Random } from "@/lib/random";

export interface Ids {
  /** Greater than every id before it. */
  next(): string;
  /** The same id for the same seed and place in the batch, so that a repeated send is recognised (§3.7). */
  seeded(seed: string, index: number): SeededId;
}

export interface SeededId {
  readonly id: string;
  /** When this seed was first seen; a repeated send keeps it. */
  readonly firstSeenAt: number;
}

/** The UUID by which the protocol names a function: the same for the same id. */
export function functionUuid(functionId: string): string {
  const hex = createHash("sha1").update(functionId).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}

/** Repeated sends come within seconds; the cap only bounds memory, at four of the largest sends (§2.9). */
const REMEMBERED_SEEDS = 4 * 5000;

export function createIds(clock: Clock, random: Random): Ids {
  const ulid = monotonicFactory(() => random.fraction());
  const seen = new Map<string, SeededId>();
  const next = () => ulid(clock.now());
  return {
    next,
    seeded(seed, index) {
      const key = `${seed}#${index}`;
      const known = seen.get(key);
      if (known) return known;
      const made: SeededId = { id: next(), firstSeenAt: clock.now() };
      seen.set(key, made);
      if (seen.size > REMEMBERED_SEEDS)
        for (const oldest of [...seen.keys()].slice(0, 1)) seen.delete(oldest);
      return made;
    },
  };
}
