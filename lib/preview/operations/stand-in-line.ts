/**
 * Owns what happens when the provider has no room although a place was given out: somebody outside runs more than was
 * counted. That is no failure: what runs is counted again, the preview goes back to rest as it was and stands in the line,
 * in front of who came later, and starts by itself. It must never lose what is paused. Fails closed with catalogue errors.
 */
import type { Runtime } from "@/lib/runtime";
import type { Lease } from "@/lib/store/store";
import type { Snapshot } from "../record";
import { countRunning } from "./count-running";
import { commit, ofTheSandbox, sandboxFields } from "./settle";

/**
 * The claim ends with it; whoever looks after the line has to be called.
 * @param how `isUntouched`: its sandbox has not run since it was paused, so what was sealed then still holds.
 * @throws LeaseLostError
 */
export async function standInLine(
  runtime: Runtime,
  lease: Lease,
  how: { readonly isUntouched: boolean },
): Promise<Snapshot> {
  const { record, now } = await runtime.store.renewLease(lease, {});
  const counted = await countRunning(runtime);
  if (counted) await runtime.fleet.recordCount(counted);
  // A start has nothing to go on with; what it left at the provider is found again by its labels.
  const isPaused = record.state === "resuming";
  return commit(runtime, lease, {
    operation: "stands-in-line",
    claim: "release",
    become: isPaused ? "paused" : "expired",
    reason: "no-place",
    rejoinsLine: true,
    ...(isPaused ? { set: { pausedAt: record.pausedAt ?? now } } : {}),
    remove: [
      ...(isPaused ? [] : [...sandboxFields, ...ofTheSandbox]),
      ...(how.isUntouched ? [] : ["sealHash", "safeAt"]),
    ],
    check: { inMs: runtime.policy.idleAfterMs },
  });
}
