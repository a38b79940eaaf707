/**
 * Owns what to do about one preview: `decide(snapshot, observed, policy)`, pure and total. It must never read a clock:
 * `now` is Redis's own, inside the snapshot. Cannot fail; when it knows too little it says when to look again.
 */

import type { Action, Ended, GivenUp, Observed } from "./action";
import type { Policy } from "./policy";
import type { Reason } from "./reasons";
import { isClaimed, type PreviewRecord, type Snapshot, sandboxOf } from "./record";

export function decide(snapshot: Snapshot, observed: Observed, policy: Policy): Action {
  const action = decideFreely(snapshot, observed, policy);
  return snapshot.isEverythingHeld ? unlessHeld(snapshot, action, policy) : action;
}

/** While an operator looks nothing is brought to rest or let go; what runs is kept running, and looked at again. */
function unlessHeld({ record, now }: Snapshot, action: Action, policy: Policy): Action {
  const nextCheckAt = now + Math.floor(policy.keepAliveMs / 2);
  switch (action.kind) {
    case "pause":
      if (record.state !== "running") return { kind: "none", reason: record.reason, nextCheckAt };
      return now >= (renewAt(record, policy) ?? Number.POSITIVE_INFINITY)
        ? { kind: "renew", reason: "renewal", isAtRest: true }
        : { kind: "extend", reason: record.reason, nextCheckAt };
    case "rest":
    case "retire":
    case "give-up":
      return { kind: "none", reason: record.reason, nextCheckAt };
    case "open":
      return action.unlessLet?.kind === "give-up" ? { kind: "open", reason: action.reason } : action;
    default:
      return action;
  }
}

function decideFreely(snapshot: Snapshot, observed: Observed, policy: Policy): Action {
  const { record } = snapshot;
  if (isClaimed(snapshot)) {
    return { kind: "wait", reason: record.reason, nextCheckAt: record.leaseUntil ?? snapshot.now };
  }
  if (observed.kind === "unknown" && sandboxOf(record)) {
    return { kind: "observe", reason: record.reason };
  }
  switch (record.state) {
    case "absent":
    case "expired":
      return { kind: isAskedFor(record) ? "open" : "none", reason: record.reason };
    case "paused":
      return decidePaused(snapshot, observed, policy);
    case "failed":
      return { kind: observed.kind === "running" ? "rest" : "none", reason: record.reason };
    case "starting":
    case "pausing":
    case "resuming":
      return decideInterrupted(snapshot, observed);
    case "running":
      return decideRunning(snapshot, observed, policy);
  }
}

function decidePaused(snapshot: Snapshot, observed: Observed, policy: Policy): Action {
  const { record, now } = snapshot;
  if (isAskedFor(record)) return { kind: "open", reason: comingBackReason(record) };
  if (observed.kind === "gone") return { kind: "expire", reason: "sandbox-gone" };
  if (observed.kind === "running") return { kind: "rest", reason: record.reason };
  if (now < keptUntil(record, policy)) return { kind: "none", reason: record.reason };
  return { kind: "retire", reason: record.reason, isTouched: wasTouched(record, observed, policy) };
}

/** Our own pause is written when it begins, and may take its budget and a call of the provider's. */
function wasTouched(record: PreviewRecord, observed: Observed, policy: Policy): boolean {
  if (observed.kind !== "paused" || record.state !== "paused") return true;
  return observed.pausedAt > record.pausedAt + policy.saveBudgetMs + 2 * policy.stepBudgetMs;
}

/** Until when the sandbox of a preview at rest is kept; the prelude's commit computes the same. */
export function keptUntil(record: PreviewRecord, policy: Policy): number {
  const pausedAt = record.state === "paused" ? record.pausedAt : record.changedAt;
  return Math.max(pausedAt + policy.retentionMs, record.keptUntil ?? 0);
}

/**
 * Until when it is known to have been used: the last activity, when it came to run for whoever waited for that, or the
 * end of the last hold, which may lie ahead.
 */
export function usedUntil(record: PreviewRecord): number {
  return Math.max(record.lastActiveAt ?? record.changedAt, record.readyAt ?? 0, record.heldUntil ?? 0);
}

/** When a preview has been without use for long enough to rest. */
export function idleAt(record: PreviewRecord, policy: Policy): number {
  return usedUntil(record) + policy.idleAfterMs;
}

/**
 * When a preview that everybody has left rests: a grace after they left, or after it came to run when they did not wait
 * for that. Undefined while somebody or an agent is there, and when viewers merely stopped beating.
 */
export function desertedAt({ record, viewers, holds }: Snapshot, policy: Policy): number | undefined {
  if (viewers > 0 || holds > 0 || record.leftAt === undefined) return undefined;
  return Math.max(record.leftAt, usedUntil(record)) + policy.graceAfterLeftMs;
}

/** When a running preview goes to rest if nobody does anything from now on. */
export function restsAt(snapshot: Snapshot, policy: Policy): number {
  return Math.min(idleAt(snapshot.record, policy), desertedAt(snapshot, policy) ?? Number.POSITIVE_INFINITY);
}

/** Where the provider ends this run whatever is asked of it; undefined when no run is known. */
export function runEndsAt(record: PreviewRecord, policy: Policy): number | undefined {
  if (!("runStartedAt" in record) || record.runStartedAt === undefined) return undefined;
  return Math.min(record.runStartedAt + policy.maxRunMs, record.runCapAt ?? Number.POSITIVE_INFINITY);
}

/** From when on the run is renewed; undefined when no run is known. */
export function renewAt(record: PreviewRecord, policy: Policy): number | undefined {
  const endsAt = runEndsAt(record, policy);
  return endsAt === undefined ? undefined : endsAt - policy.renewBeforeMs;
}

/** How a run near its end stands; times are Redis's. */
export type RenewalDue =
  | { readonly kind: "not-running" }
  | { readonly kind: "later"; readonly at: number }
  /** `mustWaitForQuiet` until `latestAt`; from then on it is renewed at any moment. */
  | { readonly kind: "due"; readonly mustWaitForQuiet: boolean; readonly latestAt: number };

/** `isAtRest`: an agent waits for it. Otherwise one that rests before the last moment is left to that: nobody is there. */
export function renewalDue(snapshot: Snapshot, policy: Policy, isAtRest = false): RenewalDue {
  const { record, now } = snapshot;
  const [at, endsAt] = [renewAt(record, policy), runEndsAt(record, policy)];
  if (record.state !== "running" || at === undefined || endsAt === undefined) return { kind: "not-running" };
  if (now < at) return { kind: "later", at };
  const latestAt = endsAt - policy.renewAtLatestMs;
  const restingAt = restsAt(snapshot, policy);
  if (restingAt <= latestAt && !isAtRest) {
    return { kind: "later", at: Math.max(restingAt, now + policy.quietAfterMs) };
  }
  return { kind: "due", mustWaitForQuiet: now < latestAt, latestAt };
}

/**
 * When to look at a running preview if everybody else forgot it: a little after the first of its deadlines. The prelude
 * of the scripts computes the same (`runningCheckAt`), and a test holds the two together.
 */
export function healRunningAt(snapshot: Snapshot, policy: Policy): number {
  const { record, now } = snapshot;
  if (snapshot.suspendedBecause !== undefined) return now + policy.healAfterMs;
  const deadlines = [
    idleAt(record, policy),
    "endsAt" in record ? record.endsAt : undefined,
    renewAt(record, policy),
    desertedAt(snapshot, policy),
    record.syncAskedAt === undefined ? undefined : record.syncAskedAt + policy.leaseMs,
  ];
  return Math.min(...deadlines.filter((at) => at !== undefined)) + policy.healAfterMs;
}

/** Somebody came while it was being brought to rest, and whoever did that died before it could go on to the wish. */
const isAskedFor = (record: PreviewRecord): boolean => record.wanted === "running";

/** One that was brought to rest is wanted again; any other reason says why its last way back came to nothing. */
function comingBackReason({ reason }: PreviewRecord): Reason {
  return ["idle", "left", "provider-paused"].includes(reason) ? "returned" : "interrupted";
}

function decideRunning(snapshot: Snapshot, observed: Observed, policy: Policy): Action {
  const { record, now } = snapshot;
  const isSuspended = snapshot.suspendedBecause !== undefined;
  const isInUse = now < idleAt(record, policy) && !isSuspended;
  const ended = endedOf(observed);
  if (ended) return isInUse ? { kind: "open", reason: ended.reason, unlessLet: ended } : ended;
  if (!isInUse) return { kind: "pause", reason: isSuspended ? "suspended" : "idle" };
  if (now >= (desertedAt(snapshot, policy) ?? Number.POSITIVE_INFINITY)) {
    return { kind: "pause", reason: "left" };
  }
  if (observed.kind !== "running") return { kind: "none", reason: record.reason, nextCheckAt: now };
  return decideInUse(snapshot, observed, policy);
}

function endedOf(observed: Observed): Ended | undefined {
  if (observed.kind === "gone") return { kind: "expire", reason: "sandbox-gone" };
  if (observed.kind !== "paused") return undefined;
  return { kind: "record-paused", reason: "provider-paused", pausedAt: observed.pausedAt };
}

function decideInUse(
  snapshot: Snapshot,
  observed: Extract<Observed, { kind: "running" }>,
  policy: Policy,
): Action {
  const { record, now } = snapshot;
  const { startedAt, endsAt } = observed;
  const seen = withRun(snapshot, startedAt, endsAt);
  const nextCheckAt = healRunningAt(seen, policy);
  const isKnown = record.state === "running" && record.runStartedAt === startedAt && record.endsAt === endsAt;
  if (!isKnown) return { kind: "record-run", reason: record.reason, startedAt, endsAt, nextCheckAt };
  if (renewalDue(seen, policy).kind === "due") return { kind: "renew", reason: "renewal" };
  // Whoever was told of the newer files had this long to bring them.
  if (record.syncAskedAt !== undefined && now >= record.syncAskedAt + policy.leaseMs) {
    return { kind: "sync", reason: record.reason };
  }
  return { kind: "none", reason: record.reason, nextCheckAt };
}

function withRun(snapshot: Snapshot, runStartedAt: number, endsAt: number): Snapshot {
  const { record } = snapshot;
  return record.state === "running" ? { ...snapshot, record: { ...record, runStartedAt, endsAt } } : snapshot;
}

/**
 * A start or resume whose worker vanished is carried on; a pause is finished unless somebody wants the preview by now. A
 * start that nobody wants and that has no sandbox was an adoption that broke off: nothing is made in its place. Of who is
 * suspended nothing is carried on, and nothing may stay on its way for as long as that lasts.
 */
function decideInterrupted(snapshot: Snapshot, observed: Observed): Action {
  const { record } = snapshot;
  if (record.state === "starting" && record.wanted === "resting" && !sandboxOf(record)) {
    return { kind: "expire", reason: "never-opened" };
  }
  if (record.state !== "pausing" && snapshot.suspendedBecause !== undefined) {
    return { kind: "give-up", reason: "run-failed" };
  }
  if (record.state !== "pausing" || record.wanted === "running") {
    const unlessLet = endedOnTheWay(record, observed);
    const reason = observed.kind === "gone" ? "sandbox-gone" : "interrupted";
    return { kind: "open", reason, ...(unlessLet ? { unlessLet } : {}) };
  }
  switch (observed.kind) {
    case "gone":
      return { kind: "expire", reason: "sandbox-gone" };
    case "paused":
      return { kind: "record-paused", reason: record.reason, pausedAt: observed.pausedAt };
    case "running":
    case "unknown":
      return { kind: "pause", reason: record.reason };
  }
}

/** Where what broke off on its way stands, should it not be let go on: what has not come to run was never a preview at rest. */
function endedOnTheWay({ state, reason }: PreviewRecord, observed: Observed): Ended | GivenUp | undefined {
  if (observed.kind === "gone") return { kind: "expire", reason: "sandbox-gone" };
  if (state === "starting") return { kind: "give-up", reason: "run-failed" };
  if (observed.kind === "paused") return { kind: "record-paused", reason, pausedAt: observed.pausedAt };
  return state === "resuming" ? { kind: "give-up", reason: "run-failed" } : undefined;
}
