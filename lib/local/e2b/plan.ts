/**
 * Owns what E2B's plan allows: how long one run may last, how many run at once, and which timeouts a client may ask
 * for. Create and connect refuse what is out of range; only setTimeout clamps (e2b.md §2.2 and §2.3). Pure; refusals
 * are `ApiError`s with E2B's texts.
 */
import { ApiError } from "@/lib/local/e2b/api-error";

export interface Plan {
  /** Longest time from a start or resume to its end. */
  readonly maxRunMs: number;
  /** Running at once; paused ones do not count. */
  readonly maxConcurrent: number;
}

/** E2B's Hobby plan (e2b.md §2.7, from the docs as stored in 2026). */
export const HOBBY_PLAN: Plan = { maxRunMs: 3_600_000, maxConcurrent: 20 };

/** What v2 create and v2 connect use when the client names no timeout (e2b.md §1.1). */
export const DEFAULT_TIMEOUT_SECONDS = 300;

/** Milliseconds that a create or connect may have; throws `ApiError` 400 outside (0, plan]. */
export function acceptTimeout(plan: Plan, timeoutSeconds: number | undefined): number {
  // A plan scaled down for a demo may be shorter than E2B's default, which no client of it could avoid.
  if (timeoutSeconds === undefined) return Math.min(DEFAULT_TIMEOUT_SECONDS * 1000, plan.maxRunMs);
  if (timeoutSeconds <= 0) throw new ApiError(400, "Timeout must be greater than 0");
  if (timeoutSeconds * 1000 > plan.maxRunMs) {
    throw new ApiError(400, `Timeout cannot be greater than ${plan.maxRunMs / 3_600_000} hours`);
  }
  return timeoutSeconds * 1000;
}

/** E2B's refusal at the concurrency limit; it carries no Retry-After, so the SDK does not retry it. */
export function tooManySandboxes(plan: Plan): ApiError {
  return new ApiError(
    429,
    `you have reached the maximum number of concurrent E2B sandboxes (${plan.maxConcurrent}). If you need more, please visit 'https://e2b.dev/docs/billing'`,
  );
}
