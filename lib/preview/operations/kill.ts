/**
 * Owns ending a preview's sandbox on an operator's word: what can be saved is saved, the record gives the sandbox up and
 * marks it in one script, and only then is it killed. The preview lives on and is rebuilt when it is opened. It must never
 * kill while everything is held, nor what somebody else is at work on. Fails closed: a kill that did not happen leaves a
 * marked sandbox, which the audit kills.
 */
import type { LeaseId, Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import { type Snapshot, sandboxOf } from "../record";
import { saveOrSayWhyNot } from "./save-files";
import { commit, ofTheSandbox, sandboxFields } from "./settle";

export type KillOutcome =
  | { readonly kind: "killed"; readonly snapshot: Snapshot }
  /** It has no sandbox. */
  | { readonly kind: "nothing-there" }
  | { readonly kind: "busy" | "held"; readonly snapshot: Snapshot };

export async function kill(runtime: Runtime, scope: Scope, leaseId: LeaseId): Promise<KillOutcome> {
  const { store, sandboxes } = runtime;
  const before = (await store.read(scope)).snapshot;
  if (before.isEverythingHeld) return { kind: "held", snapshot: before };
  const claimed = await store.claim(scope, { kind: "settle", leaseId, wanted: "resting" });
  if (claimed.kind === "not-applicable") return { kind: "nothing-there" };
  if (claimed.kind !== "granted") return { kind: "busy", snapshot: claimed.snapshot };
  const { lease, snapshot } = claimed;
  const sandboxId = sandboxOf(snapshot.record);
  // Waking what rests only to save it would cost a run: what its last pause could not save is lost, as the caller was told.
  if (sandboxId && snapshot.record.state === "running") await saveOrSayWhyNot(runtime, lease, sandboxId);
  const killed = await commit(runtime, lease, {
    operation: "killed",
    claim: "release",
    become: "expired",
    reason: "killed",
    wanted: "resting",
    remove: [...sandboxFields, ...ofTheSandbox],
    check: "never",
    ...(sandboxId ? { condemn: sandboxId } : {}),
  });
  if (!sandboxId) return { kind: "nothing-there" };
  await sandboxes.kill(sandboxId);
  return { kind: "killed", snapshot: killed };
}
