/**
 * Owns what has already run: per function, an event id or idempotency key starts one run in 24 hours (inngest.md
 * §2.6), whatever became of it. It must never forget a key early, nor be asked about debounced events. Cannot fail.
 */

const KEPT_MS = 24 * 3_600_000;

export interface IdempotencyKeys {
  /** True if the key is new, which claims it for 24 hours; false if it is taken. */
  claim(functionId: string, key: string, now: number): boolean;
}

export function createIdempotencyKeys(): IdempotencyKeys {
  const claimedUntil = new Map<string, number>();
  return {
    claim(functionId, key, now) {
      const full = `${functionId}\n${key}`;
      if ((claimedUntil.get(full) ?? 0) > now) return false;
      forgetExpired(claimedUntil, now);
      claimedUntil.delete(full);
      claimedUntil.set(full, now + KEPT_MS);
      return true;
    },
  };
}

/** Insertion order is order of expiry, because every key lives equally long. */
function forgetExpired(claimedUntil: Map<string, number>, now: number): void {
  for (const [key, until] of claimedUntil) {
    if (until > now) return;
    claimedUntil.delete(key);
  }
}
