/**
 * Owns the policy under which every case is played: everything ends so soon that a case is short, and nothing so soon that a
 * stall, a takeover and two sweeps do not fit in. The simulator's own are brisker, since its seeds need not be told apart.
 */
import { policy as shipped } from "@/inngest.config";
import { type PolicyOverrides, withOverrides } from "@/lib/preview/policy";
import { type Profile, SHIPPED_SWEEP_EVERY_MS } from "@/tests/sim/world/profiles";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** The project's own deadlines are the shipped ones: a stall in a boot is no fault of the project's. */
const soon: PolicyOverrides = {
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
};

export function profileWith(overrides: PolicyOverrides): Profile {
  const policy = withOverrides(shipped, { ...soon, ...overrides });
  return {
    name: "crash-points",
    policy,
    planConcurrent: policy.planConcurrency,
    planMaxRunMs: 12 * MINUTE,
    auditEveryMs: 7 * MINUTE,
    sweepEveryMs: SHIPPED_SWEEP_EVERY_MS,
    chaosMs: [0, 0],
    previews: [2],
  };
}
