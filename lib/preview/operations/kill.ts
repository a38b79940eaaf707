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
  /** `isSaved`: what it held is in the product's hands; else what had changed in it since the last save is lost. */
  | { readonly kind: "killed"; readonly isSaved: boolean; readonly snapshot: Snapshot }
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
  const { record } = snapshot;
  const sandboxId = sandboxOf(record);
  if (!sandboxId) {
    await commit(runtime, lease, { operation: "nothing-there", claim: "release", check: "never" });
    return { kind: "nothing-there" };
  }
  // Waking what rests only to save it would cost a run: what its last pause could not save is lost, as the caller was told.
  const saved = record.state === "running" ? await saveOrSayWhyNot(runtime, lease, sandboxId) : undefined;
  const isSaved = record.safeAt !== undefined || saved?.kind === "saved" || saved?.kind === "nothing-to-save";
  // A save takes a while, and somebody may have begun to look meanwhile.
  const { isEverythingHeld, record: now } = await store.renewLease(lease, { phase: "tidy" });
  if (isEverythingHeld) {
    const held = await commit(runtime, lease, {
      operation: "held",
      claim: "release",
      wanted: now.state === "running" ? "running" : "resting",
      check: now.state === "running" ? "when-running" : "never",
    });
    return { kind: "held", snapshot: held };
  }
  const killed = await commit(runtime, lease, {
    operation: "killed",
    claim: "release",
    become: "expired",
    reason: "killed",
    wanted: "resting",
    condemn: sandboxId,
    remove: [...sandboxFields, ...ofTheSandbox],
    check: "never",
  });
  await sandboxes.kill(sandboxId);
  return { kind: "killed", isSaved, snapshot: killed };
}
