/**
 * Owns what is done in a sandbox just before Rekindle pauses it. It must never keep a preview from resting: what cannot
 * be done within its budget is left for the next time, and said. Fails closed only when the claim was lost.
 */
import type { SandboxId } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { Lease } from "@/lib/store/store";
import type { Snapshot } from "../record";

/** The snapshot after the last renewal of the claim. @throws LeaseLostError */
export async function readyToPause(runtime: Runtime, lease: Lease, _sandboxId: SandboxId): Promise<Snapshot> {
  return runtime.store.renewLease(lease, { phase: "pause" });
}
