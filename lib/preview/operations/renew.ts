/**
 * Owns renewing a run before the plan ends it: pause and resume under one claim, so that memory and processes outlive
 * the provider's hour. It must never renew what is not near its end, nor interrupt somebody or an agent at work while
 * there is time to wait. Fails closed: what it leaves half done is an interrupted pause that is wanted running, and
 * whoever looks next finishes it; a sandbox that does not come back is rebuilt like any other.
 */
import type { LeaseId, Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { Lease } from "@/lib/store/store";
import { renewalDue } from "../decide";
import type { Reason } from "../reasons";
import { type Snapshot, sandboxAtHand } from "../record";
import { type OpenOutcome, open } from "./open";
import { readyToPause } from "./ready-to-pause";
import { commit, commitExpired } from "./settle";

export interface RenewRequest {
  readonly leaseId: LeaseId;
  /** The epoch that the decision was made on: refused as busy when somebody has claimed since. */
  readonly ifEpoch?: number;
  /** An agent has come to a resting point and asks for it: only who still holds the preview is waited for. */
  readonly isAtRest?: boolean;
}

export type RenewOutcome =
  /** It was paused and opened again; what the opening became is the outcome's own. */
  | { readonly kind: "renewed"; readonly outcome: OpenOutcome }
  /** Its end is not near, or it does not run. */
  | { readonly kind: "not-due"; readonly snapshot: Snapshot }
  /** Somebody is in the middle of something, and there is time to wait for a quieter moment. */
  | { readonly kind: "not-quiet"; readonly snapshot: Snapshot }
  /** Somebody else is at work on it. */
  | { readonly kind: "busy"; readonly snapshot: Snapshot };

export async function renew(runtime: Runtime, scope: Scope, request: RenewRequest): Promise<RenewOutcome> {
  const { leaseId, ifEpoch, isAtRest = false } = request;
  const { snapshot: seen } = await runtime.store.read(scope);
  const goOn = async (reason: Reason = "renewal"): Promise<RenewOutcome> => ({
    kind: "renewed",
    outcome: await open(runtime, scope, { leaseId, isByPerson: false, isDoubted: true, reason }),
  });
  // A repeated step finds the renewal that it has begun itself, and goes on with it.
  if (seen.record.leaseId === leaseId && seen.record.state === "resuming") return goOn();
  const due = renewalDue(seen, runtime.policy, isAtRest);
  if (due.kind !== "due" && seen.record.leaseId !== leaseId) return { kind: "not-due", snapshot: seen };
  const mustWait = due.kind === "due" && due.mustWaitForQuiet;
  const claimed = await runtime.store.claim(scope, {
    kind: "renew",
    leaseId,
    reason: "renewal",
    ...(ifEpoch === undefined ? {} : { ifEpoch }),
    ...(mustWait ? { quietForMs: isAtRest ? 0 : runtime.policy.quietAfterMs } : {}),
  });
  switch (claimed.kind) {
    case "granted":
      break;
    case "active":
      return { kind: "not-quiet", snapshot: claimed.snapshot };
    case "busy":
      return { kind: "busy", snapshot: claimed.snapshot };
    default:
      return { kind: "not-due", snapshot: seen };
  }
  const { lease, snapshot } = claimed;
  const sandboxId = sandboxAtHand(snapshot.record);
  const { sealHash } = await readyToPause(runtime, lease, sandboxId);
  const left = await runtime.sandboxes.pause(sandboxId);
  if (left === "gone") {
    await commitExpired(runtime, lease, "sandbox-gone");
    return goOn("sandbox-gone");
  }
  if (sealHash) await recordSeal(runtime, lease, sealHash);
  return goOn();
}

/** Only now that the pause has landed: a seal without its pause would be compared with files that went on changing. */
async function recordSeal(runtime: Runtime, lease: Lease, sealHash: string): Promise<void> {
  await commit(runtime, lease, {
    operation: `renewal-sealed-${sealHash.slice(0, 12)}`,
    claim: "hold",
    set: { sealHash },
    check: { inMs: runtime.policy.leaseMs },
  });
}
