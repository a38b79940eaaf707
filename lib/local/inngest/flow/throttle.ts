/**
 * Owns when a throttled run may start: the generic cell rate algorithm, which spreads `limit` starts evenly over the
 * period and lets `burst` of them come at once (inngest.md §2.7). It must never drop a run, only delay it. Cannot fail.
 */

export interface ThrottleRule {
  readonly limit: number;
  readonly periodMs: number;
  readonly burst: number;
}

export interface Throttle {
  /** Milliseconds that this start has to wait; the place is taken by asking. */
  reserve(key: string, rule: ThrottleRule, now: number): number;
}

export function createThrottle(): Throttle {
  const nextFreeAt = new Map<string, number>();
  return {
    reserve(key, { limit, periodMs, burst }, now) {
      const intervalMs = periodMs / limit;
      const arrival = Math.max(nextFreeAt.get(key) ?? 0, now);
      nextFreeAt.set(key, arrival + intervalMs);
      return Math.max(0, arrival - (burst - 1) * intervalMs - now);
    },
  };
}
