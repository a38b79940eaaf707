/**
 * Owns which events a rate limit drops (inngest.md §2.1: judged first, when the event arrives; so of a debounced function
 * the *first* event stays). A period begins with the first event that is let through (inngest.com/docs/guides/rate-limiting,
 * 2026-11). It must never delay an event: that is throttle's. Cannot fail.
 */

export interface RateLimitRule {
  readonly limit: number;
  readonly periodMs: number;
}

export interface RateLimiter {
  /** True if the event may go on, which counts it; false if it is dropped. */
  admit(key: string, rule: RateLimitRule, now: number): boolean;
}

interface Period {
  readonly endsAt: number;
  readonly admitted: number;
}

export function createRateLimiter(): RateLimiter {
  const periods = new Map<string, Period>();
  return {
    admit(key, { limit, periodMs }, now) {
      const known = periods.get(key);
      const period = known && known.endsAt > now ? known : { endsAt: now + periodMs, admitted: 0 };
      const isAdmitted = period.admitted < limit;
      if (isAdmitted) periods.set(key, { ...period, admitted: period.admitted + 1 });
      return isAdmitted;
    },
  };
}
