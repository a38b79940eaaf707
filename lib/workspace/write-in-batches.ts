/**
 * Owns writing many files into a sandbox: in requests of a modest size, each after a look whether it is still this
 * worker's to change. It must never write on after that look threw. Not atomic: after a failure any of them may be there.
 */
import type { SandboxId } from "@/lib/ids";
import type { Sandboxes, WorkspaceFile } from "@/lib/sandbox/port";

/** E2B takes many files in one request; a batch keeps one request's body modest. */
const FILES_PER_REQUEST = 200;

export interface Writing {
  readonly sandboxes: Sandboxes;
  /** Throws when another worker has taken over: what is in the sandbox is then its, and must not be touched. */
  readonly beforeEachChange: () => Promise<void>;
}

/** In the order given; no path twice. */
export async function writeInBatches(
  { sandboxes, beforeEachChange }: Writing,
  sandboxId: SandboxId,
  files: readonly WorkspaceFile[],
): Promise<void> {
  for (let start = 0; start < files.length; start += FILES_PER_REQUEST) {
    await beforeEachChange();
    await sandboxes.writeFiles(sandboxId, files.slice(start, start + FILES_PER_REQUEST));
  }
}
