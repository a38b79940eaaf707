/**
 * Owns what E2B's plan allows: how long one run may last, how many run at once, how fast they may be created, and
 * which timeouts a client may ask for. Create and connect refuse what is out of range; only setTimeout clamps (e2b.md
 * §2.2 and §2.3). Pure; refusals are `ApiError`s with E2B's texts.
 */
import { ApiError } from "@/lib/local/e2b/semantics/api-error";

export interface Plan {
  /** Longest time from a start or resume to its end. */
  readonly maxRunMs: number;
  /** Running at once; paused ones do not count. */
  readonly maxConcurrent: number;
  /** Left out: as fast as this machine can, so that a demo is not slowed down by a limit that nobody pays for. */
  readonly createsPerSecond?: number | undefined;
}

/** E2B's plans (e2b.md §2.7, from the docs as stored in 2026), without their create rates. */
export const HOBBY_PLAN: Plan = { maxRunMs: 3_600_000, maxConcurrent: 20 };
export const PRO_PLAN: Plan = { maxRunMs: 86_400_000, maxConcurrent: 100 };
export const HOBBY_CREATES_PER_SECOND = 1;
export const PRO_CREATES_PER_SECOND = 5;

/** What v2 create and v2 connect use when the client names no timeout (e2b.md §1.1). */
export const DEFAULT_TIMEOUT_SECONDS = 300;
/** The least that a refresh gives, and what it gives when it names nothing (INFRA sandbox_refresh.go). */
const LEAST_REFRESH_SECONDS = 15;
/** The least that a run started by traffic lasts (e2b.md §2.6). */
const LEAST_AUTO_RESUME_MS = 300_000;

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

/** What a refresh asks for. */
export function refreshMs(durationSeconds: number | undefined): number {
  return Math.max(durationSeconds ?? LEAST_REFRESH_SECONDS, LEAST_REFRESH_SECONDS) * 1000;
}

/** How long a run lasts that traffic started: the timeout given at create, within [300 s, plan] (e2b.md §2.6). */
export function autoResumeMs(plan: Plan, createdForMs: number): number {
  return Math.min(Math.max(createdForMs, LEAST_AUTO_RESUME_MS), plan.maxRunMs);
}

/** E2B's refusal at the concurrency limit; it carries no Retry-After, so the SDK does not retry it. */
export function tooManySandboxes(plan: Plan): ApiError {
  return new ApiError(
    429,
    `you have reached the maximum number of concurrent E2B sandboxes (${plan.maxConcurrent}). If you need more, please visit 'https://e2b.dev/docs/billing'`,
  );
}
