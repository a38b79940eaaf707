/**
 * Owns what is done with a sandbox's files just before Rekindle pauses it: what changed in it goes back to the product,
 * and its files are sealed, so that the way back can tell whether they survived. It must never keep a preview from
 * resting: what cannot be done within its budget is left for the next time, and remembered. It starts no call after its
 * budget, since a late one would connect to the paused sandbox and so resume it. Fails closed only when the claim was lost.
 */
import type { Clock } from "@/lib/clock";
import { LeaseLostError, ProviderBusyError, RekindleError } from "@/lib/errors";
import type { SandboxId } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { Sandboxes } from "@/lib/sandbox/port";
import type { Lease } from "@/lib/store/store";
import { seal } from "@/lib/workspace/integrity";
import { type SaveOutcome, saveChanges } from "@/lib/workspace/save";
import type { Snapshot } from "../record";
import { filesSource } from "./boot";
import { commit } from "./settle";

export interface ReadyToPause {
  /** After the last renewal of the claim; somebody may have returned meanwhile. */
  readonly snapshot: Snapshot;
  /** What the record gets once the pause has landed; absent when the files could not be sealed. */
  readonly sealHash?: string;
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
  await attempt(runtime, "save", () => saveFiles({ ...runtime, sandboxes }, lease, sandboxId));
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
  return snapshot && sealed ? { snapshot: renewed, sealHash: sealed.sealHash } : { snapshot: renewed };
}

/** What changed in the sandbox is in the product's hands, or it is remembered why not. @throws catalogue errors */
export async function saveFiles(
  runtime: Pick<Runtime, "sandboxes" | "store" | "files" | "clock" | "policy" | "log">,
  lease: Lease,
  sandboxId: SandboxId,
): Promise<SaveOutcome> {
  const { scope } = lease;
  const saved = await saveChanges(
    { sandboxes: runtime.sandboxes, source: filesSource(runtime) },
    { projectId: scope.projectId, sandboxId, deadlineMs: runtime.policy.stepBudgetMs },
  );
  const { record, now } = await runtime.store.renewLease(lease, {});
  const unsaved = unsavedIn(saved);
  const operation = `saved-${now}`;
  const check = { inMs: runtime.policy.leaseMs };
  await runtime.store.commit(lease, {
    operation: `${lease.leaseId}.${lease.epoch}/${operation}`,
    claim: "hold",
    set: {
      ...(saved.kind === "saved" ? { revision: saved.revision } : {}),
      ...(saved.kind === "saved" || saved.kind === "nothing-to-save" ? { savedAt: now } : {}),
      ...(unsaved > 0 ? { unsaved } : {}),
      // The product's files moved on: they win, and what they would overwrite is put aside when they are brought.
      ...(saved.kind === "stale-base" ? { syncAskedAt: now } : {}),
    },
    remove: unsaved > 0 ? [] : ["unsaved"],
    check,
  });
  if (saved.kind === "saved") {
    const files = String(saved.changed + saved.removed);
    await runtime.store.note(scope, { kind: "saved", revision: saved.revision, files });
  }
  // Once, and not at every pause again while nothing about it changes.
  if (unsaved > 0 && unsaved !== record.unsaved) {
    const why = saved.kind === "stale-base" || saved.kind === "not-supported" ? saved.kind : "left-out";
    await runtime.store.note(scope, { kind: "not-saved", files: String(unsaved), why });
  }
  return saved;
}

function unsavedIn(saved: SaveOutcome): number {
  switch (saved.kind) {
    case "saved":
    case "nothing-to-save":
      return saved.leftOut.length;
    case "stale-base":
    case "not-supported":
      return saved.changed;
    case "no-base":
      return 0;
  }
}

/** Undefined, and logged by code, when it did not succeed; the pause goes on all the same. @throws LeaseLostError */
async function attempt<T>(runtime: Runtime, what: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RekindleError) || error instanceof LeaseLostError) throw error;
    runtime.log.warn({ code: error.code, what, ...error.safeDetails }, "left for the next pause");
    return undefined;
  }
}

/** The same port, which refuses to begin anything after its time. */
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
    async writeFiles(...args) {
      inTime("write files");
      return sandboxes.writeFiles(...args);
    },
  };
}
