/**
 * Owns the reading of presence: who counts as there, and whether a preview may rest. Pure; the atomic re-check of the
 * same conditions stands in the claim script, because time passes between a read and a claim. Cannot fail.
 */
import { idleAt } from "./decide";
import type { Policy } from "./policy";
import type { PreviewRecord, Snapshot } from "./record";

export type Rest =
  | { readonly kind: "rest" }
  /** Somebody was active since; look again then. */
  | { readonly kind: "later"; readonly at: number }
  /** Somebody is at work on it and it will run again; nothing is known of its rest before that. */
  | { readonly kind: "moving"; readonly at: number }
  /** Nothing runs, or nobody's rest is asked for. */
  | { readonly kind: "not-running" };

/** Whether a preview has been idle long enough, by the record and not by the event that asked. */
export function restWhenIdle(snapshot: Snapshot, policy: Policy): Rest {
  const { state } = snapshot.record;
  if (isComingBack(snapshot.record)) return { kind: "moving", at: snapshot.now + policy.leaseMs };
  if (state !== "running") return { kind: "not-running" };
  const at = idleAt(snapshot.record, policy);
  return snapshot.now >= at ? { kind: "rest" } : { kind: "later", at };
}

/** Whether everybody has left: nobody's beat is recent, and no agent is at work. */
export function isEmpty({ viewers, holds }: Snapshot): boolean {
  return viewers === 0 && holds === 0;
}

/** Whether there is, or soon will be, something running that could rest. */
export function runsOrWill(record: PreviewRecord): boolean {
  return record.state === "running" || record.state === "starting" || isComingBack(record);
}

/** Also in the first half of a renewal. */
function isComingBack({ state, wanted }: PreviewRecord): boolean {
  return state === "resuming" || (state === "pausing" && wanted === "running");
}
