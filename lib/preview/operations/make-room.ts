/**
 * Owns opening a preview whose user runs as many as one user may: the one that this user has not used for longest goes to
 * rest, by the ordinary pause, and the opening is tried again. It must never take a place from what is in use or held, nor
 * from another user. Fails as the opening and the pause do; with nothing to give up the refusal stands.
 */
import { parseLeaseId, type Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import { type OpenOutcome, type OpenRequest, open } from "./open";
import { type PauseOutcome, pause } from "./pause";

export interface OpenedWithRoom {
  readonly outcome: OpenOutcome;
  /** What went to rest for it, and how; absent when nothing had to. */
  readonly rested?: { readonly scope: Scope; readonly outcome: PauseOutcome };
}

export async function openMakingRoom(
  runtime: Runtime,
  scope: Scope,
  request: OpenRequest,
): Promise<OpenedWithRoom> {
  const outcome = await open(runtime, scope, request);
  if (outcome.kind !== "refused" || outcome.reason !== "user-limit") return { outcome };
  for (const unused of await runtime.fleet.leastUsedOf(scope.userId)) {
    if (unused.projectId === scope.projectId) continue;
    const rested = await pause(runtime, unused, {
      leaseId: parseLeaseId(`room-${request.leaseId}`),
      reason: "evicted",
      idleForMs: runtime.policy.evictAfterMs,
    });
    if (rested.kind !== "paused" && rested.kind !== "expired") continue;
    return { outcome: await open(runtime, scope, request), rested: { scope: unused, outcome: rested } };
  }
  return { outcome };
}
