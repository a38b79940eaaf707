/**
 * Owns giving back what changed inside a sandbox, and remembering what could not be given back. It must never keep a
 * preview from resting or starting: what does not succeed is said and left for the next time, and nothing is removed
 * before it is saved or put aside. Fails closed only when the claim was lost.
 */
import { LeaseLostError, RekindleError } from "@/lib/errors";
import type { SandboxId } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { Lease } from "@/lib/store/store";
import { type SaveOutcome, saveChanges } from "@/lib/workspace/save";
import { setAsideUnsaved } from "@/lib/workspace/set-aside";
import { filesSource } from "./files-source";
import { commit } from "./settle";

type Saving = Pick<Runtime, "sandboxes" | "store" | "files" | "clock" | "policy" | "log">;

/** As `saveFiles`; undefined, and remembered as such, when it did not succeed. @throws LeaseLostError */
export async function saveOrSayWhyNot(
  runtime: Saving,
  lease: Lease,
  sandboxId: SandboxId,
): Promise<SaveOutcome | undefined> {
  const saved = await attempt(runtime, "save", () => saveFiles(runtime, lease, sandboxId));
  if (!saved) await runtime.store.note(lease.scope, { kind: "not-saved", files: "0", why: "failed" });
  return saved;
}

/**
 * Before a boot brings the product's files into a sandbox that had some already: what was done there and not saved is
 * saved now, or copied to `~/.rekindle/overwritten/boot-…`, where it stays.
 */
export async function rescueUnsaved(
  runtime: Saving,
  lease: Lease,
  sandboxId: SandboxId,
  bootId: string,
): Promise<void> {
  const saved = await attempt(runtime, "save", () => saveFiles(runtime, lease, sandboxId));
  const isInHand = saved && ["saved", "nothing-to-save", "no-base"].includes(saved.kind);
  if (isInHand) return;
  await attempt(runtime, "set aside", () =>
    setAsideUnsaved(runtime.sandboxes, {
      sandboxId,
      folder: `boot-${bootId}`,
      deadlineMs: runtime.policy.stepBudgetMs,
    }),
  );
}

/** What changed in the sandbox is in the product's hands, or it is remembered why not. @throws catalogue errors */
export async function saveFiles(runtime: Saving, lease: Lease, sandboxId: SandboxId): Promise<SaveOutcome> {
  const { scope } = lease;
  const saved = await saveChanges(
    { sandboxes: runtime.sandboxes, source: filesSource(runtime) },
    { projectId: scope.projectId, sandboxId, deadlineMs: runtime.policy.stepBudgetMs },
  );
  const { record, now } = await runtime.store.renewLease(lease, {});
  const unsaved = unsavedIn(saved);
  await commit(runtime, lease, {
    operation: `saved-${now}`,
    claim: "hold",
    set: {
      ...(saved.kind === "saved" ? { revision: saved.revision } : {}),
      ...(saved.kind === "saved" || saved.kind === "nothing-to-save" ? { savedAt: now } : {}),
      ...(unsaved > 0 ? { unsaved } : {}),
      // The product's files moved on: they win, and what they would overwrite is put aside when they are brought.
      ...(saved.kind === "stale-base" ? { syncAskedAt: now } : {}),
    },
    remove: unsaved > 0 ? [] : ["unsaved"],
    check: { inMs: runtime.policy.leaseMs },
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
export async function attempt<T>(
  runtime: Pick<Runtime, "log">,
  what: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RekindleError) || error instanceof LeaseLostError) throw error;
    runtime.log.warn({ code: error.code, what, ...error.safeDetails }, "left for the next pause");
    return undefined;
  }
}
