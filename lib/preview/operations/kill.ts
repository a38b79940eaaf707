/**
 * Owns ending a preview's sandbox on an operator's word: what can be saved is saved, the record gives the sandbox up and
 * marks it in one script, and only then is it killed. The preview lives on and is rebuilt when it is opened. It must never
 * kill while everything is held, nor what somebody else is at work on. Fails closed: a kill that did not happen leaves a
 * marked sandbox, which the audit kills.
 */
import type { LeaseId, Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { Commit } from "@/lib/store/store";
import type { Policy } from "../policy";
import { type Snapshot, sandboxOf } from "../record";
import type { State } from "../transitions";
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
    // A start that broke off before it had one ends with the word, or it would be on its way for ever.
    const ended = record.state === "starting" ? ({ become: "expired", reason: "killed" } as const) : {};
    await commit(runtime, lease, { operation: "nothing-there", claim: "release", ...ended, check: "never" });
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
      check: checkOf(now.state, runtime.policy),
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

/** What broke off on its way somewhere is looked at again, as it would have been without the word. */
function checkOf(state: State, { healAfterMs }: Policy): Commit["check"] {
  if (state === "running") return "when-running";
  return state === "paused" || state === "failed" ? "never" : { inMs: healAfterMs };
}
