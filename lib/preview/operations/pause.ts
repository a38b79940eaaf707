/**
 * Owns bringing a preview to rest: the claim re-checks idleness and presence atomically, so that a sign of life that was
 * accepted before the decision always wins; one that comes after it makes the holder resume as soon as the pause has
 * landed. It must never pause what somebody is using, nor kill anything. Fails closed: when the provider does not
 * answer, the claim lapses and the sweep finishes the pause.
 */
import type { LeaseId, Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { Lease } from "@/lib/store/store";
import type { Reason } from "../reasons";
import { type Snapshot, sandboxAtHand } from "../record";
import { extend } from "./extend";
import { type OpenOutcome, open } from "./open";
import { readyToPause } from "./ready-to-pause";
import { commit, commitExpired, commitPaused } from "./settle";

export interface PauseRequest {
  readonly leaseId: LeaseId;
  readonly reason: Reason;
  /** Refused when somebody was active within this time. */
  readonly idleForMs?: number;
  /** Refused when a viewer is there. */
  readonly mustBeEmpty?: boolean;
  /** An operator's word: also while an agent holds it. */
  readonly isForced?: boolean;
  /** The epoch that the decision was made on: refused as busy when somebody has claimed since. */
  readonly ifEpoch?: number;
}

export type PauseOutcome =
  | { readonly kind: "paused"; readonly snapshot: Snapshot }
  | { readonly kind: "expired"; readonly snapshot: Snapshot }
  /** Somebody was active or is there, so nothing was done. */
  | { readonly kind: "active"; readonly snapshot: Snapshot }
  /** Somebody else is at work on it. */
  | { readonly kind: "busy"; readonly snapshot: Snapshot }
  /** It does not run. */
  | { readonly kind: "not-running" }
  /** Somebody came back while it was being paused, and it was opened again at once. */
  | { readonly kind: "reopened"; readonly outcome: OpenOutcome };

export async function pause(runtime: Runtime, scope: Scope, request: PauseRequest): Promise<PauseOutcome> {
  const claimed = await runtime.store.claim(scope, { kind: "pause", ...request });
  switch (claimed.kind) {
    case "active":
    case "busy":
      return { kind: claimed.kind, snapshot: claimed.snapshot };
    case "granted":
      break;
    default:
      return { kind: "not-running" };
  }
  const { lease, snapshot } = claimed;
  const sandboxId = sandboxAtHand(snapshot.record);
  const ready = await readyToPause(runtime, lease, sandboxId);
  if (ready.snapshot.record.wanted === "running") {
    const stayed = await stayRunning(runtime, lease);
    // The sign of life that kept it found nothing running that it could extend.
    await extend(runtime, scope, undefined);
    return { kind: "active", snapshot: stayed };
  }
  const left = await runtime.sandboxes.pause(sandboxId);
  const rested =
    left === "gone"
      ? await commitExpired(runtime, lease, "sandbox-gone")
      : await commitPaused(runtime, lease, {
          reason: request.reason,
          pausedAt: snapshot.now,
          sealHash: ready.sealHash,
          isSafe: ready.isAllSaved,
        });
  if (rested.record.wanted === "resting") {
    return { kind: left === "gone" ? "expired" : "paused", snapshot: rested };
  }
  const outcome = await open(runtime, scope, {
    leaseId: request.leaseId,
    isByPerson: false,
    reason: "returned",
  });
  return { kind: "reopened", outcome };
}

/** Somebody came while its files were saved, and the provider was not asked yet: nothing has to be interrupted. */
function stayRunning(runtime: Runtime, lease: Lease): Promise<Snapshot> {
  return commit(runtime, lease, {
    operation: "stayed",
    claim: "release",
    become: "running",
    reason: "returned",
    check: "when-running",
  });
}
