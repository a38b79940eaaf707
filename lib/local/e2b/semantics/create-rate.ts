/**
 * Owns how fast sandboxes may be created: as many as the plan says in one burst, then one by one, as E2B's limiter
 * does (GCRA; INFRA middleware/ratelimit, e2b.md §2.7). It must never count a refused one. Fails with 429 and
 * `Retry-After`, which the SDK waits for and tries again, other than the concurrency limit.
 */
import type { Clock } from "@/lib/clock";
import { ApiError } from "@/lib/local/e2b/semantics/api-error";

export class CreateRate {
  /** When everything that was taken will have been given back. */
  private emptyAt = 0;

  /** Without a limit when `perSecond` is undefined. */
  constructor(
    private readonly clock: Clock,
    private readonly perSecond: number | undefined,
  ) {}

  /** Takes one; throws `ApiError` 429 when there is none. */
  take(): void {
    if (this.perSecond === undefined) return;
    const now = this.clock.now();
    const intervalMs = 1000 / this.perSecond;
    const emptyAt = Math.max(this.emptyAt, now) + intervalMs;
    const waitMs = emptyAt - now - this.perSecond * intervalMs;
    if (waitMs > 0) throw tooFast(this.perSecond, waitMs, this.emptyAt - now);
    this.emptyAt = emptyAt;
  }
}

function tooFast(perSecond: number, retryAfterMs: number, resetAfterMs: number): ApiError {
  return new ApiError(429, "Rate limit exceeded", {
    headers: {
      // Rounded up: a client that waits for it must not come too early.
      "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1000))),
      "ratelimit-limit": String(perSecond),
      "ratelimit-remaining": "0",
      "ratelimit-reset": String(Math.ceil(resetAfterMs / 1000)),
    },
  });
}
