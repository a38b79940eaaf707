/**
 * Owns the classification of what E2B's SDK throws: by type and status, never by text. Several of its errors stand
 * outside `SandboxError` (503, authentication, aborted and failed fetches; e2b.md §1.4, SDK 2.51.0, 2026-11-22).
 * Fails closed: what is not known counts as "the provider did not answer", which is retried and then reported.
 */
import {
  AuthenticationError,
  InvalidArgumentError,
  NotFoundError,
  RateLimitError,
  SandboxError,
  ServiceBusyError,
  TimeoutError,
} from "e2b";
import {
  ProviderBusyError,
  ProviderCapacityError,
  ProviderRateError,
  ProviderRefusedError,
  ProviderUnreachableError,
  type RekindleError,
} from "@/lib/errors";

export type Failure =
  /** Gone, paused, or cut off while it was being asked: a read of the control plane tells which. */
  | { readonly kind: "not-running" }
  | { readonly kind: "busy" }
  /** Too many sandboxes or too many calls: a count tells which. */
  | { readonly kind: "too-many" }
  | { readonly kind: "refused"; readonly status: number }
  | { readonly kind: "unreachable" };

export function failureOf(error: unknown): Failure {
  if (error instanceof NotFoundError || error instanceof TimeoutError) return { kind: "not-running" };
  if (error instanceof RateLimitError) return { kind: "too-many" };
  if (error instanceof ServiceBusyError) return { kind: "busy" };
  if (error instanceof AuthenticationError) return { kind: "refused", status: 401 };
  if (error instanceof InvalidArgumentError) return { kind: "refused", status: 400 };
  if (error instanceof SandboxError) return failureOfStatus(error.statusCode);
  return { kind: "unreachable" };
}

/** The error of the catalogue; `count` is what the plan's running sandboxes were after a 429. */
export function providerError(
  call: string,
  failure: Failure,
  count: { running: number | undefined; limit: number } | undefined,
  cause: unknown,
): RekindleError {
  switch (failure.kind) {
    case "busy":
      return new ProviderBusyError(call, cause);
    case "refused":
      return new ProviderRefusedError(call, failure.status, cause);
    case "too-many":
      return count?.running !== undefined && count.running >= count.limit
        ? new ProviderCapacityError(count.running)
        : new ProviderRateError(call, cause);
    case "not-running":
    case "unreachable":
      return new ProviderUnreachableError(call, cause);
  }
}

function failureOfStatus(status: number | undefined): Failure {
  // 408 is E2B's own "that took too long" since 2026-03-16 (its changelog): nothing is known, as with no answer.
  if (status === undefined || status === 408 || status >= 500) return { kind: "unreachable" };
  if (status === 409) return { kind: "busy" };
  return { kind: "refused", status };
}
