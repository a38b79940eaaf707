/**
 * Owns the policies under which seeds are played: the shipped one, one in which everything ends sooner so that a short
 * history meets renewals, retention and holds' ends, and one with too few places for all. It must never break a rule
 * between the numbers: `policyFaults` is asked.
 */
import { policy as shipped } from "@/inngest.config";
import { type Policy, policyFaults, withOverrides } from "@/lib/preview/policy";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export interface Profile {
  readonly name: string;
  readonly policy: Policy;
  /** The provider's own numbers, which need not be what the policy believes. */
  readonly planConcurrent: number;
  readonly planMaxRunMs: number;
  readonly auditEveryMs: number;
  readonly chaosMs: readonly [least: number, most: number];
  /** How many previews there are, one of these numbers. */
  readonly previews: readonly number[];
}

const brisk = withOverrides(shipped, {
  idleAfterMs: 3 * MINUTE,
  warnBeforeMs: 45 * SECOND,
  warnEndBeforeMs: 2 * MINUTE,
  graceAfterLeftMs: 30 * SECOND,
  viewerGoneAfterMs: 3 * MINUTE,
  emitEveryMs: 75 * SECOND,
  extendAtLatestMs: 20 * SECOND,
  keepAliveMs: 6 * MINUTE,
  maxRunMs: 12 * MINUTE,
  renewBeforeMs: 4 * MINUTE,
  maxHoldMs: 8 * MINUTE,
  retentionMs: 8 * MINUTE,
  retentionRetryMs: 4 * MINUTE,
  orphanGraceMs: 6 * MINUTE,
  pollEveryMs: 2 * SECOND,
  installDeadlineMs: MINUTE,
  serverDeadlineMs: 45 * SECOND,
});

const crowded = withOverrides(brisk, {
  planConcurrency: 3,
  maxRunningPerUser: 2,
  maxRunMsPerUserDay: 25 * MINUTE,
  maxRunMsPerUserMonth: 60 * MINUTE,
});

export const profiles: readonly Profile[] = [
  {
    name: "shipped",
    policy: withOverrides(shipped, { pollEveryMs: 2 * SECOND }),
    planConcurrent: 20,
    planMaxRunMs: shipped.maxRunMs,
    auditEveryMs: 60 * MINUTE,
    chaosMs: [6 * MINUTE, 20 * MINUTE],
    previews: [1, 1, 2],
  },
  {
    name: "brisk",
    policy: brisk,
    planConcurrent: 20,
    planMaxRunMs: brisk.maxRunMs,
    auditEveryMs: 7 * MINUTE,
    chaosMs: [4 * MINUTE, 13 * MINUTE],
    previews: [1, 1, 1, 2, 3],
  },
  {
    name: "clamped",
    policy: brisk,
    planConcurrent: 20,
    // The provider ends runs sooner than the policy believes.
    planMaxRunMs: 9 * MINUTE,
    auditEveryMs: 7 * MINUTE,
    chaosMs: [4 * MINUTE, 13 * MINUTE],
    previews: [1, 1, 1, 2, 3],
  },
  {
    name: "crowded",
    policy: crowded,
    planConcurrent: 3,
    planMaxRunMs: crowded.maxRunMs,
    auditEveryMs: 7 * MINUTE,
    chaosMs: [4 * MINUTE, 9 * MINUTE],
    previews: [4, 5],
  },
];

for (const { name, policy } of profiles) {
  const faults = policyFaults(policy);
  if (faults.length > 0) throw new Error(`profile ${name}: ${faults.join("; ")}`);
}
