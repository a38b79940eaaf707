/**
 * Owns the policies under which seeds are played: the shipped one, one in which everything ends sooner so that a short
 * history meets renewals, retention and holds' ends, and one with too few places for all. It must never break a rule
 * between the numbers: `policyFaults` is asked.
 */
import { policy as shipped } from "@/inngest.config";
import { type Policy, policyFaults, withOverrides } from "@/lib/preview/policy";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** The cron of `functions/sweep.ts`. */
export const SHIPPED_SWEEP_EVERY_MS = 5 * MINUTE;

export interface Profile {
  readonly name: string;
  readonly policy: Policy;
  /** The provider's own numbers, which need not be what the policy believes. */
  readonly planConcurrent: number;
  readonly planMaxRunMs: number;
  /** Both come by events where there is no Inngest, and by the functions' own crons where there is. */
  readonly auditEveryMs: number;
  readonly sweepEveryMs: number;
  readonly chaosMs: readonly [least: number, most: number];
  /** How many previews there are, one of these numbers. */
  readonly previews: readonly number[];
}

const brisk = withOverrides(shipped, {
  idleAfterMs: 2 * MINUTE,
  warnBeforeMs: 30 * SECOND,
  warnEndBeforeMs: 80 * SECOND,
  graceAfterLeftMs: 20 * SECOND,
  viewerGoneAfterMs: 2 * MINUTE,
  emitEveryMs: 50 * SECOND,
  extendAtLatestMs: 15 * SECOND,
  keepAliveMs: 4 * MINUTE,
  maxRunMs: 8 * MINUTE,
  renewBeforeMs: 3 * MINUTE,
  renewAtLatestMs: 45 * SECOND,
  maxHoldMs: 5 * MINUTE,
  retentionMs: 6 * MINUTE,
  retentionRetryMs: 3 * MINUTE,
  orphanGraceMs: 4 * MINUTE,
  pollEveryMs: 4 * SECOND,
  installDeadlineMs: 40 * SECOND,
  serverDeadlineMs: 30 * SECOND,
});

const crowded = withOverrides(brisk, {
  planConcurrency: 2,
  maxRunningPerUser: 2,
  maxRunMsPerUserDay: 12 * MINUTE,
  maxRunMsPerUserMonth: 30 * MINUTE,
});

const oftenMs = { auditEveryMs: 5 * MINUTE, sweepEveryMs: 2 * MINUTE };

export const profiles: readonly Profile[] = [
  {
    name: "shipped",
    policy: withOverrides(shipped, { pollEveryMs: 4 * SECOND }),
    planConcurrent: 20,
    planMaxRunMs: shipped.maxRunMs,
    auditEveryMs: 60 * MINUTE,
    sweepEveryMs: SHIPPED_SWEEP_EVERY_MS,
    chaosMs: [5 * MINUTE, 16 * MINUTE],
    previews: [1, 1, 2],
  },
  {
    name: "brisk",
    policy: brisk,
    planConcurrent: 20,
    planMaxRunMs: brisk.maxRunMs,
    ...oftenMs,
    chaosMs: [4 * MINUTE, 10 * MINUTE],
    previews: [1, 1, 1, 2],
  },
  {
    name: "clamped",
    policy: brisk,
    planConcurrent: 20,
    // The provider ends runs sooner than the policy believes.
    planMaxRunMs: 6 * MINUTE,
    ...oftenMs,
    chaosMs: [4 * MINUTE, 10 * MINUTE],
    previews: [1, 1, 1, 2],
  },
  {
    name: "crowded",
    policy: crowded,
    planConcurrent: 2,
    planMaxRunMs: crowded.maxRunMs,
    ...oftenMs,
    chaosMs: [3 * MINUTE, 6 * MINUTE],
    previews: [3, 4],
  },
];

for (const { name, policy } of profiles) {
  const faults = policyFaults(policy);
  if (faults.length > 0) throw new Error(`profile ${name}: ${faults.join("; ")}`);
}
