/**
 * Owns what is done with a sandbox's files just before Rekindle pauses it: what changed in it goes back to the product,
 * and its files are sealed, so that the way back can tell whether they survived. It must never keep a preview from
 * resting: what cannot be done within its budget is left for the next time, and remembered. It starts no call after its
 * budget, and waits for each, since a late one would connect to the paused sandbox and so resume it. Fails closed only when the claim was lost.
 */
import type { Clock } from "@/lib/clock";
import { ProviderBusyError } from "@/lib/errors";
import type { SandboxId } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { Sandboxes } from "@/lib/sandbox/port";
import type { Lease } from "@/lib/store/store";
import { seal } from "@/lib/workspace/integrity";
import type { Snapshot } from "../record";
import { attempt, saveOrSayWhyNot } from "./save-files";
import { commit } from "./settle";

export interface ReadyToPause {
  /** After the last renewal of the claim; somebody may have returned meanwhile. */
  readonly snapshot: Snapshot;
  /** What the record gets once the pause has landed; absent when the files could not be sealed. */
  readonly sealHash?: string;
  /** What was sealed is what the product has. */
  readonly isAllSaved: boolean;
}

/** @throws LeaseLostError */
export async function readyToPause(
  runtime: Runtime,
  lease: Lease,
  sandboxId: SandboxId,
): Promise<ReadyToPause> {
  await runtime.store.renewLease(lease, { phase: "save" });
  const deadlineAt = runtime.clock.now() + runtime.policy.saveBudgetMs;
  const sandboxes = until(deadlineAt, runtime.clock, runtime.sandboxes);
  await saveOrSayWhyNot({ ...runtime, sandboxes }, lease, sandboxId);
  const generation = runtime.random.hex(8);
  const deadlineMs = Math.max(1, deadlineAt - runtime.clock.now());
  const sealed = await attempt(runtime, "seal", () =>
    seal({ sandboxes }, { sandboxId, generation, deadlineMs }),
  );
  // The generation before the pause: should this worker die, the way back still knows what must stand there at least.
  const snapshot = sealed
    ? await commit(runtime, lease, {
        operation: `sealed-${generation}`,
        claim: "hold",
        set: { generation },
        check: { inMs: runtime.policy.leaseMs },
      })
    : undefined;
  const renewed = await runtime.store.renewLease(lease, { phase: "pause" });
  return snapshot && sealed
    ? { snapshot: renewed, sealHash: sealed.sealHash, isAllSaved: sealed.isAllSaved }
    : { snapshot: renewed, isAllSaved: false };
}

/** The same port, which begins no look after its time; what a look has found is still written down, or it was in vain. */
function until(deadlineAt: number, clock: Clock, sandboxes: Sandboxes): Sandboxes {
  const inTime = (call: string) => {
    if (clock.now() >= deadlineAt) throw new ProviderBusyError(call);
  };
  return {
    ...sandboxes,
    async run(...args) {
      inTime("run a command");
      return sandboxes.run(...args);
    },
    async readFiles(...args) {
      inTime("read files");
      return sandboxes.readFiles(...args);
    },
  };
}
