/**
 * Owns letting a sandbox go that has rested for longer than sandboxes are kept: what is not known to be in the product's
 * hands is woken once more and saved; then the record gives it up and marks it in one script, and only then is it killed;
 * the preview lives on and is rebuilt when somebody opens it. It must never let go of what could not be saved: that stays,
 * and is reported. A person who comes in the middle has it. Fails closed: a kill that did not happen leaves a marked
 * sandbox, which the audit kills.
 */
import type { LeaseId, SandboxId, Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { Lease } from "@/lib/store/store";
import { keptUntil, usedUntil } from "../decide";
import { type PreviewRecord, type Snapshot, sandboxAtHand } from "../record";
import { type OpenOutcome, open } from "./open";
import { pause } from "./pause";
import { commit, fail, ofTheSandbox, sandboxFields } from "./settle";

export interface RetireRequest {
  readonly leaseId: LeaseId;
  /** The epoch that the decision was made on: refused as busy when somebody has claimed since. */
  readonly ifEpoch?: number;
  /** Somebody woke it since our own pause: what was safe then need not be any more. */
  readonly isTouched: boolean;
}

export type RetireOutcome =
  | { readonly kind: "retired"; readonly sandboxId: SandboxId }
  /** Its files are not known to be in the product's hands: it is looked at again later. */
  | { readonly kind: "kept"; readonly snapshot: Snapshot }
  /** Somebody came while it was awake to be saved: it is theirs. */
  | { readonly kind: "returned"; readonly outcome: OpenOutcome }
  /** It does not rest, or not for long enough, or somebody else is at work on it. */
  | { readonly kind: "not-due" };

export async function retire(runtime: Runtime, scope: Scope, request: RetireRequest): Promise<RetireOutcome> {
  const due = await claimDue(runtime, scope, request);
  if (due.kind !== "due") return due;
  const { lease, snapshot, sandboxId } = due;
  if (snapshot.record.safeAt !== undefined && !request.isTouched) return letGo(runtime, lease, sandboxId);
  // Nobody is asked to rest, and nobody waits, for what nobody looks at.
  const { taken, foreign, limit, waiting } = await runtime.fleet.state();
  if (waiting > 0 || taken + foreign >= limit) return keep(runtime, lease, sandboxId, false);
  return saveFirst(runtime, lease, snapshot.record, sandboxId);
}

type Due =
  | {
      readonly kind: "due";
      readonly lease: Lease;
      readonly snapshot: Snapshot;
      readonly sandboxId: SandboxId;
    }
  | { readonly kind: "not-due" };

async function claimDue(
  runtime: Runtime,
  scope: Scope,
  { leaseId, ifEpoch }: Pick<RetireRequest, "leaseId" | "ifEpoch">,
  isSavedNow = false,
): Promise<Due> {
  const claimed = await runtime.store.claim(scope, {
    kind: "retire",
    leaseId,
    ...(ifEpoch === undefined ? {} : { ifEpoch }),
  });
  if (claimed.kind !== "granted") return { kind: "not-due" };
  const { lease, snapshot } = claimed;
  const { record, now, isEverythingHeld } = snapshot;
  const isDue = isSavedNow || now >= keptUntil(record, runtime.policy);
  if (isDue && !isEverythingHeld) {
    return { kind: "due", lease, snapshot, sandboxId: sandboxAtHand(record) };
  }
  await commit(runtime, lease, { operation: "not-due", claim: "release", check: "never" });
  return { kind: "not-due" };
}

/** Woken by the ordinary opening and paused by the ordinary pause, which saves; under the same lease id throughout. */
async function saveFirst(
  runtime: Runtime,
  { scope, leaseId }: Lease,
  before: PreviewRecord,
  sandboxId: SandboxId,
): Promise<RetireOutcome> {
  const outcome = await open(runtime, scope, { leaseId, isByPerson: false, reason: "last-save" });
  switch (outcome.kind) {
    case "ready":
      break;
    case "starting":
      // It is gone, or does not come back as it was: nothing is saved from a sandbox that cannot be trusted.
      return giveUp(runtime, outcome, before, sandboxId);
    case "waiting":
    case "refused":
    case "busy":
    case "needs-person":
    case "completed":
    case "not-waiting":
      return keepUnlessTaken(runtime, { scope, leaseId }, before, sandboxId);
  }
  const { snapshot } = await runtime.store.read(scope);
  if (snapshot.viewers > 0 || snapshot.record.lastActiveAt !== before.lastActiveAt) {
    return { kind: "returned", outcome: { ...outcome, snapshot } };
  }
  const idleForMs = Math.max(0, snapshot.now - usedUntil(snapshot.record));
  const paused = await pause(runtime, scope, { leaseId, reason: "idle", mustBeEmpty: true, idleForMs });
  switch (paused.kind) {
    case "paused": {
      if (paused.snapshot.record.safeAt === undefined) {
        return keepUnlessTaken(runtime, { scope, leaseId }, before, sandboxId);
      }
      const due = await claimDue(runtime, scope, { leaseId }, true);
      return due.kind === "due" ? letGo(runtime, due.lease, due.sandboxId) : due;
    }
    case "active":
      return { kind: "returned", outcome: { ...outcome, snapshot: paused.snapshot } };
    case "reopened":
      return { kind: "returned", outcome: paused.outcome };
    case "expired":
    case "busy":
    case "not-running":
      return { kind: "not-due" };
  }
}

/** The way back could not be finished; whoever asked for it meanwhile is opened to. */
async function giveUp(
  runtime: Runtime,
  { lease, snapshot }: Extract<OpenOutcome, { kind: "starting" }>,
  before: PreviewRecord,
  sandboxId: SandboxId,
): Promise<RetireOutcome> {
  const isGone = snapshot.record.state === "starting";
  const rested = isGone
    ? await commit(runtime, lease, {
        operation: "gone",
        claim: "release",
        become: "expired",
        reason: "sandbox-gone",
        ...(snapshot.record.lastActiveAt === before.lastActiveAt ? { wanted: "resting" } : {}),
        remove: [...sandboxFields, ...ofTheSandbox],
        check: "never",
      })
    : await fail(runtime, lease, "interrupted");
  if (rested.record.wanted === "running") {
    const { leaseId, scope } = lease;
    return { kind: "returned", outcome: await open(runtime, scope, { leaseId, isByPerson: false }) };
  }
  return isGone ? { kind: "not-due" } : keepUnlessTaken(runtime, lease, before, sandboxId);
}

/** It wants nothing and stands in no line; who has come meanwhile has it. */
async function keepUnlessTaken(
  runtime: Runtime,
  lease: Pick<Lease, "scope" | "leaseId">,
  before: PreviewRecord,
  sandboxId: SandboxId,
): Promise<RetireOutcome> {
  const { scope, leaseId } = lease;
  const claimed = await runtime.store.claim(scope, { kind: "retire", leaseId });
  if (claimed.kind !== "granted") return { kind: "not-due" };
  // An opening that had to wait wrote a wish of its own; a person's came with a sign of life.
  const isOwnWish = claimed.snapshot.record.lastActiveAt === before.lastActiveAt;
  return keep(runtime, claimed.lease, sandboxId, isOwnWish);
}

async function keep(
  runtime: Runtime,
  lease: Lease,
  sandboxId: SandboxId,
  isToRest: boolean,
): Promise<RetireOutcome> {
  const { now } = await runtime.store.renewLease(lease, {});
  const snapshot = await commit(runtime, lease, {
    operation: "kept",
    claim: "release",
    ...(isToRest ? { wanted: "resting" } : {}),
    // One that was woken has rested since then only, and has its whole time before it is woken again.
    set: { keptUntil: now + runtime.policy.retentionRetryMs },
    check: "never",
  });
  await runtime.store.note(lease.scope, { kind: "kept", sandboxId });
  runtime.log.warn({ sandboxId }, "a sandbox was kept beyond its retention");
  return { kind: "kept", snapshot };
}

async function letGo(runtime: Runtime, lease: Lease, sandboxId: SandboxId): Promise<RetireOutcome> {
  await commit(runtime, lease, {
    operation: `retired-${sandboxId}`,
    claim: "release",
    become: "expired",
    reason: "retired",
    condemn: sandboxId,
    remove: [...sandboxFields, ...ofTheSandbox],
    check: "never",
  });
  await runtime.sandboxes.kill(sandboxId);
  return { kind: "retired", sandboxId };
}
