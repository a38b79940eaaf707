/**
 * Owns bringing the product's newest files into a preview that runs, and giving changes back while it runs. Each is work
 * under a claim of its own kind, in which the preview stays running. It must never touch a sandbox that rests: what is
 * asked for then waits for its wake. Fails closed: catalogue errors; what was asked for stays asked for until it is done.
 */
import { stopAllJobs } from "@/lib/boot/jobs";
import type { LeaseId, Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { Lease } from "@/lib/store/store";
import type { Needs } from "@/lib/workspace/needs";
import type { SaveOutcome } from "@/lib/workspace/save";
import { type Applied, applyRevision } from "@/lib/workspace/sync";
import type { Reason } from "../reasons";
import type { Snapshot } from "../record";
import { stillMine } from "./boot";
import { filesSource } from "./files-source";
import { saveFiles } from "./save-files";
import { commit, fail } from "./settle";

export type SyncClaim =
  /** `beganAt` is Redis's time: what is asked for after it is asked for again. */
  | { readonly kind: "granted"; readonly lease: Lease; readonly beganAt: number }
  /** It does not run: the newest files are brought when it wakes, or were asked for by nobody. */
  | { readonly kind: "queued" }
  /** Somebody else is at work on it. */
  | { readonly kind: "busy" }
  | { readonly kind: "absent" };

/** Writes that the newest files are wanted, and takes the claim if the preview runs. Repeating it is harmless. */
export async function beginSync(runtime: Runtime, scope: Scope, leaseId: LeaseId): Promise<SyncClaim> {
  if (!(await runtime.store.askSync(scope))) return { kind: "absent" };
  return claimSync(runtime, scope, leaseId);
}

async function claimSync(runtime: Runtime, scope: Scope, leaseId: LeaseId): Promise<SyncClaim> {
  const claimed = await runtime.store.claim(scope, { kind: "sync", leaseId });
  switch (claimed.kind) {
    case "granted":
      return { kind: "granted", lease: claimed.lease, beganAt: claimed.snapshot.now };
    case "busy":
      return { kind: "busy" };
    default:
      return { kind: "queued" };
  }
}

/** The newest files stand in the sandbox; what they need to take effect is the answer. May be repeated. */
export async function applyNewest(runtime: Runtime, lease: Lease): Promise<Applied> {
  const { sandboxId, snapshot } = await stillMine(runtime, lease, "sync");
  const { record } = snapshot;
  return applyRevision(
    {
      ...runtime,
      source: filesSource(runtime),
      beforeEachChange: async () => {
        await stillMine(runtime, lease, "sync");
      },
    },
    {
      projectId: lease.scope.projectId,
      sandboxId,
      deadlineMs: runtime.policy.stepBudgetMs,
      ...(record.revision === undefined ? {} : { inEffect: record.revision }),
    },
  );
}

/** Ends the server that runs, before what it stands on is changed; done once, since later jobs are the new ones. */
export async function stopServer(runtime: Runtime, lease: Lease, needs: Needs): Promise<void> {
  const { sandboxId, snapshot } = await stillMine(runtime, lease, "sync");
  const restartId = `start-sync-${lease.epoch}`;
  if (needs === "nothing" || snapshot.record.restartId === restartId) return;
  await stopAllJobs(runtime.sandboxes, sandboxId, runtime.policy.stepBudgetMs);
  await commit(runtime, lease, {
    operation: "server-stopped",
    claim: "hold",
    set: { restartId },
    check: { inMs: runtime.policy.leaseMs },
  });
}

/** The newest files are in effect; the claim ends. Answers whether they were asked for again meanwhile. */
export async function endSync(
  runtime: Runtime,
  lease: Lease,
  applied: Omit<Applied, "needs" | "port"> & { readonly port?: number | undefined },
  beganAt: number,
): Promise<{ readonly isAskedAgain: boolean }> {
  const { record } = await runtime.store.renewLease(lease, {});
  const isAskedAgain = record.syncAskedAt !== undefined && record.syncAskedAt > beganAt;
  await commit(runtime, lease, {
    operation: "synced",
    claim: "release",
    set: { revision: applied.revision, ...(applied.port === undefined ? {} : { port: applied.port }) },
    remove: isAskedAgain ? ["restartId"] : ["restartId", "syncAskedAt"],
    check: "when-running",
  });
  const files = applied.changed + applied.removed;
  if (files > 0) {
    await runtime.store.note(lease.scope, {
      kind: "synced",
      revision: applied.revision,
      files: String(files),
      overwritten: String(applied.overwritten),
    });
  }
  return { isAskedAgain };
}

/** The files are there and the project does not come up on them: a failed start like any other. */
export async function failSync(runtime: Runtime, lease: Lease, reason: Reason): Promise<Snapshot> {
  await commit(runtime, lease, {
    operation: "sync-failed",
    claim: "hold",
    become: "starting",
    reason,
    remove: ["restartId", "syncAskedAt"],
    check: { inMs: runtime.policy.leaseMs },
  });
  return fail(runtime, lease, reason);
}

/** Nothing was brought; the claim ends and what was asked for stays asked for. */
export async function putOffSync(runtime: Runtime, lease: Lease): Promise<void> {
  await commit(runtime, lease, { operation: "put-off", claim: "release", check: "when-running" });
}

export type SavedNow = SaveOutcome | { readonly kind: "not-running" | "busy" };

/** Gives back now what changed in a running preview. */
export async function saveNow(runtime: Runtime, scope: Scope, leaseId: LeaseId): Promise<SavedNow> {
  const claim = await claimSync(runtime, scope, leaseId);
  if (claim.kind === "busy") return { kind: "busy" };
  if (claim.kind !== "granted") return { kind: "not-running" };
  const { lease } = claim;
  try {
    const { sandboxId } = await stillMine(runtime, lease, "save");
    return await saveFiles(runtime, lease, sandboxId);
  } finally {
    await putOffSync(runtime, lease);
  }
}
