/**
 * Owns the numbers of the lifecycle as a type, and the rules between them. The values with their reasons stand in
 * `inngest.config.ts`; tests and the demo scale them there and nowhere else. Pure. Fails closed: numbers that
 * contradict each other are named, all at once, by `policyFaults`.
 */
import { z } from "zod";
import { ConfigurationError } from "../errors";

const ms = z.number().int().positive();

export const policySchema = z.object({
  /** Without activity for this long a preview goes to rest. */
  idleAfterMs: ms,
  /** How long before a preview goes to rest for want of use a warning is given, with a way to stay. */
  warnBeforeMs: ms,
  /** The same before an end that cannot be moved, which is the end of a run. */
  warnEndBeforeMs: ms,
  /** After the last viewer left, wait this long for a return. */
  graceAfterLeftMs: ms,
  /** The pane's interval between beats. */
  beatEveryMs: ms,
  /** A viewer whose last beat is older than this is not there; who closes the page says so at once. */
  viewerGoneAfterMs: ms,
  /** At most one `user/active` from beats in this time. */
  emitEveryMs: ms,
  /** `user/active` events are gathered this long before one extension, and at most `extendAtLatestMs`. */
  extendGatherMs: ms,
  extendAtLatestMs: ms,
  /** What create, connect and extension ask of the provider: the dead man's switch. */
  keepAliveMs: ms,
  /** The plan's longest continuous run. */
  maxRunMs: ms,
  /** From this long before a run's end on it is renewed as soon as the moment is quiet: pause and resume, memory kept. */
  renewBeforeMs: ms,
  /** By this long before a run's end it is renewed at any moment, quiet or not, held or not. */
  renewAtLatestMs: ms,
  /** A moment is quiet when nobody was active for so long. */
  quietAfterMs: ms,
  /** What a renewal is said to take until this preview's own has been measured. */
  renewEstimateMs: ms,
  /** The longest that an agent may hold a preview without asking again. */
  maxHoldMs: ms,
  /** What saving and sealing the files before a pause may take; what is not done by then is left for the next time. */
  saveBudgetMs: ms,
  /** A running sandbox with less than this left is not handed out as warm without looking. */
  warmMarginMs: ms,
  /** How long a claim holds without renewal. */
  leaseMs: ms,
  /** The route's budget for resuming while the person waits; what takes longer goes on in Inngest. */
  resumeInlineMs: ms,
  /** No step holds a request longer than about this. */
  stepBudgetMs: ms,
  /** Between two looks at a job inside the sandbox. */
  pollEveryMs: ms,
  installDeadlineMs: ms,
  serverDeadlineMs: ms,
  /** `preview/requested` older than this is a replay and changes nothing. */
  requestFreshForMs: ms,
  /** The sweep only heals: it looks this long after a deadline that should have been kept by others. */
  healAfterMs: ms,
  /** The plan's sandboxes running at once; what others of the same account run is taken off it. */
  planConcurrency: z.number().int().positive(),
  /** When all places are taken, a preview without a sign of life for so long gives its place to one who waits. */
  evictAfterMs: ms,
  /** Who waits for a place is asked after this often, while anybody waits. */
  lineLookEveryMs: ms,
  /** A place that was given to somebody in line is theirs for so long; who does not take it loses it. */
  lineOfferMs: ms,
  /** How many previews of one user may run at once; 0 for as many as there are places. */
  maxRunningPerUser: z.number().int().nonnegative(),
  /** How long one user's sandboxes may run in a day and in a month, both of UTC; 0 for no limit. */
  maxRunMsPerUserDay: z.number().int().nonnegative(),
  maxRunMsPerUserMonth: z.number().int().nonnegative(),
  /** So many starts of one project that failed for good within `breakerWindowMs` keep others from trying. */
  breakerFailures: z.number().int().positive(),
  breakerWindowMs: ms,
  /** A preview that has rested for so long lets its sandbox go, once its files are known to be in the product's hands. */
  retentionMs: ms,
  /** What could not be let go is looked at again after so long. */
  retentionRetryMs: ms,
  /** A sandbox that no record names is left alone for so long: somebody may be about to name it. */
  orphanGraceMs: ms,
  /** How many sandboxes one audit stops at most. */
  auditMostStops: z.number().int().positive(),
  /** How many entries of a preview's history are kept. */
  historyEntries: z.number().int().positive(),
  /** Previews a sweep pass takes at most. */
  sweepBatch: z.number().int().positive(),
});

export type Policy = z.infer<typeof policySchema>;

/** Some of the numbers, by their names; others are refused. */
export const policyOverridesSchema = z.strictObject(policySchema.partial().shape);
export type PolicyOverrides = z.infer<typeof policyOverridesSchema>;

/** The policy with these numbers instead of its own. @throws ConfigurationError naming each that is no such number. */
export function withOverrides(policy: Policy, overrides: PolicyOverrides): Policy {
  const merged = policySchema.safeParse({ ...policy, ...overrides });
  if (merged.success) return merged.data;
  throw new ConfigurationError(
    merged.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`),
  );
}

/** One sentence for every rule that these numbers break; empty when they fit together. */
export function policyFaults(policy: Policy): string[] {
  const faults: string[] = [];
  const leastKeepAliveMs = policy.idleAfterMs + policy.emitEveryMs + policy.extendAtLatestMs;
  if (policy.keepAliveMs <= leastKeepAliveMs) {
    faults.push(
      `keepAliveMs (${policy.keepAliveMs}) must exceed idleAfterMs + emitEveryMs + extendAtLatestMs (${leastKeepAliveMs}), or the provider pauses a preview in use`,
    );
  }
  if (policy.keepAliveMs > policy.maxRunMs) {
    faults.push(
      `keepAliveMs (${policy.keepAliveMs}) must not exceed the plan's maxRunMs (${policy.maxRunMs})`,
    );
  }
  if (policy.warnBeforeMs >= policy.idleAfterMs) {
    faults.push(
      `warnBeforeMs (${policy.warnBeforeMs}) must be less than idleAfterMs (${policy.idleAfterMs})`,
    );
  }
  if (policy.viewerGoneAfterMs < policy.idleAfterMs) {
    faults.push(
      `viewerGoneAfterMs (${policy.viewerGoneAfterMs}) must be at least idleAfterMs (${policy.idleAfterMs}), or one who only reads is paused when another leaves`,
    );
  }
  if (policy.beatEveryMs >= policy.idleAfterMs) {
    faults.push(
      `beatEveryMs (${policy.beatEveryMs}) must be less than idleAfterMs (${policy.idleAfterMs}), or a preview in use falls idle between two beats`,
    );
  }
  if (policy.warnEndBeforeMs > policy.renewBeforeMs) {
    faults.push(
      `warnEndBeforeMs (${policy.warnEndBeforeMs}) must not exceed renewBeforeMs (${policy.renewBeforeMs}), or the end of a run is announced after it was renewed`,
    );
  }
  // And so less than `renewBeforeMs`, which leaves time for a quiet moment.
  if (policy.renewAtLatestMs >= policy.warnEndBeforeMs) {
    faults.push(
      `renewAtLatestMs (${policy.renewAtLatestMs}) must be less than warnEndBeforeMs (${policy.warnEndBeforeMs}), or a run is renewed before its end was announced`,
    );
  }
  if (policy.renewBeforeMs * 2 >= policy.maxRunMs) {
    faults.push(
      `renewBeforeMs (${policy.renewBeforeMs}) must be less than half of maxRunMs (${policy.maxRunMs}), or a run is renewed over and over`,
    );
  }
  if (policy.quietAfterMs <= policy.beatEveryMs) {
    faults.push(
      `quietAfterMs (${policy.quietAfterMs}) must exceed beatEveryMs (${policy.beatEveryMs}), or every moment between two beats counts as quiet`,
    );
  }
  if (policy.evictAfterMs <= policy.beatEveryMs) {
    faults.push(
      `evictAfterMs (${policy.evictAfterMs}) must exceed beatEveryMs (${policy.beatEveryMs}), or a preview in use gives its place away between two beats`,
    );
  }
  if (policy.saveBudgetMs + policy.stepBudgetMs >= policy.leaseMs) {
    faults.push(
      `saveBudgetMs + stepBudgetMs (${policy.saveBudgetMs + policy.stepBudgetMs}) must be less than leaseMs (${policy.leaseMs}), or a claim lapses while the files are saved`,
    );
  }
  if (policy.leaseMs <= policy.stepBudgetMs * 2) {
    faults.push(
      `leaseMs (${policy.leaseMs}) must exceed twice stepBudgetMs (${policy.stepBudgetMs}), or a claim lapses during a step`,
    );
  }
  return faults;
}
