/**
 * Owns which of the policy's numbers the scripts are told, and in which order: one argument, read by the common beginning
 * of all of them. Pure.
 */
import type { Policy } from "@/lib/preview/policy";

/** In the order in which the prelude reads them. */
export const policyNumbers = (policy: Policy): string =>
  [
    policy.viewerGoneAfterMs,
    policy.idleAfterMs,
    policy.healAfterMs,
    policy.graceAfterLeftMs,
    policy.renewBeforeMs,
    policy.maxRunMs,
    policy.historyEntries,
    policy.leaseMs,
    policy.keepAliveMs,
    policy.planConcurrency,
    policy.evictAfterMs,
    policy.maxRunningPerUser,
    policy.maxRunMsPerUserDay,
    policy.maxRunMsPerUserMonth,
    policy.breakerFailures,
    policy.breakerWindowMs,
    policy.retentionMs,
  ].join(",");
