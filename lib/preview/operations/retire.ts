/**
 * Owns letting a sandbox go that has rested for longer than sandboxes are kept: the record gives it up and marks it in one
 * script, and only then is it killed; the preview lives on and is rebuilt when somebody opens it. It must never let go of
 * what is not known to be in the product's hands: that stays, and is reported. Fails closed: a kill that did not happen
 * leaves a marked sandbox, which the audit kills.
 */
import type { LeaseId, SandboxId, Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { Lease } from "@/lib/store/store";
import { keptUntil } from "../decide";
import { type Snapshot, sandboxOf } from "../record";
import { commit, ofTheSandbox, sandboxFields } from "./settle";

export interface RetireRequest {
  readonly leaseId: LeaseId;
  /** The epoch that the decision was made on: refused as busy when somebody has claimed since. */
  readonly ifEpoch?: number;
}

export type RetireOutcome =
  | { readonly kind: "retired"; readonly sandboxId: SandboxId }
  /** Its files are not known to be in the product's hands: it is looked at again later. */
  | { readonly kind: "kept"; readonly snapshot: Snapshot }
  /** It does not rest, or not for long enough, or somebody else is at work on it. */
  | { readonly kind: "not-due" };

export async function retire(
  runtime: Runtime,
  scope: Scope,
  { leaseId, ifEpoch }: RetireRequest,
): Promise<RetireOutcome> {
  const claimed = await runtime.store.claim(scope, {
    kind: "retire",
    leaseId,
    ...(ifEpoch === undefined ? {} : { ifEpoch }),
  });
  if (claimed.kind !== "granted") return { kind: "not-due" };
  const { lease, snapshot } = claimed;
  const { record, now } = snapshot;
  const sandboxId = sandboxOf(record);
  if (!sandboxId || now < keptUntil(record, runtime.policy)) {
    await commit(runtime, lease, { operation: "not-due", claim: "release", check: "never" });
    return { kind: "not-due" };
  }
  if (record.safeAt === undefined) return { kind: "kept", snapshot: await keep(runtime, lease, now) };
  await letGo(runtime, lease, sandboxId);
  return { kind: "retired", sandboxId };
}

function keep(runtime: Runtime, lease: Lease, now: number): Promise<Snapshot> {
  return commit(runtime, lease, {
    operation: "kept",
    claim: "release",
    set: { keptUntil: now + runtime.policy.retentionRetryMs },
    check: "never",
  });
}

async function letGo(runtime: Runtime, lease: Lease, sandboxId: SandboxId): Promise<void> {
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
}
