/**
 * Owns the end of a boot: the provider's own times are read once more and the preview is committed as running. Fenced
 * like every commit. Fails closed with catalogue errors; a sandbox that vanished meanwhile is `SandboxGoneError`.
 */
import { LeaseLostError } from "@/lib/errors";
import type { Runtime } from "@/lib/runtime";
import type { Lease } from "@/lib/store/store";
import { writePreviewFile } from "@/lib/workspace/preview-file";
import type { CameBack, PreviewRecord, Snapshot } from "../record";
import { readRunning, stillMine } from "./boot";
import { commitRunning } from "./settle";

export async function finishBoot(
  runtime: Runtime,
  lease: Lease,
  isResume: boolean,
  requestId: string,
): Promise<Snapshot> {
  try {
    return await commitBoot(runtime, lease, isResume, requestId);
  } catch (error) {
    if (!(error instanceof LeaseLostError)) throw error;
    // The claim ends with the commit, so a repeated step whose first answer was lost finds it gone.
    const { snapshot } = await runtime.store.read(lease.scope);
    const { state, readyBy } = snapshot.record;
    if (state === "running" && readyBy === lease.leaseId) return snapshot;
    throw error;
  }
}

async function commitBoot(
  runtime: Runtime,
  lease: Lease,
  isResume: boolean,
  requestId: string,
): Promise<Snapshot> {
  const { sandboxId, snapshot } = await stillMine(runtime, lease, "answer");
  const sandbox = await readRunning(runtime, sandboxId);
  const { port = 3000, bootId } = snapshot.record;
  // Should the record be lost, the sandbox itself knows what runs in it.
  if (!isResume && bootId) await writePreviewFile(runtime.sandboxes, sandboxId, { port, bootId });
  return commitRunning(runtime, lease, {
    sandbox,
    port,
    cameBack: isResume ? resumedHow(snapshot.record) : "rebuilt-cold",
    requestId,
  });
}

/** A server that had to be started again has lost its memory, and nobody may be told otherwise. */
const resumedHow = ({ restartId }: PreviewRecord): CameBack => (restartId ? "restarted" : "resumed");
