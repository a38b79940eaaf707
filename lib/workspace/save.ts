/**
 * Owns carrying what was done inside a sandbox back to the product: what differs from the base is read and handed to the
 * product's `save`, and only its answer moves the base. It must never save what it could not look at, nor take it for
 * removed; and never tell contents. Fails with catalogue errors, and nothing is lost by that: the changes stay in the
 * sandbox, and the next save finds them.
 */
import { StaleBaseError } from "@/lib/errors";
import type { ProjectId, SandboxId } from "@/lib/ids";
import type { Sandboxes } from "@/lib/sandbox/port";
import { type Base, baseFile, fileList, hashOf } from "./base";
import { type FilesSource, type ProjectChanges, saveProject } from "./files";
import { defaultLimits, type WorkspaceLimits } from "./limits";
import { changesSince, type Difference, type LeftOut, type Manifest, manifestOf } from "./manifest";
import { scanApp } from "./scan";

/** Numbers of files, and the names of those that were not looked at or did not fit. */
export type SaveOutcome =
  | { readonly kind: "nothing-to-save"; readonly leftOut: readonly LeftOutOfSave[] }
  | {
      readonly kind: "saved";
      readonly revision: string;
      readonly changed: number;
      readonly removed: number;
      readonly leftOut: readonly LeftOutOfSave[];
    }
  /** The product's files moved on; nothing was saved. Bring them in (`applyRevision`), then save again. */
  | { readonly kind: "stale-base"; readonly changed: number }
  /** The product takes no changes; they stay in the sandbox. */
  | { readonly kind: "not-supported"; readonly changed: number }
  /** No project was brought here whole, or the base was removed: nobody can say what was changed. */
  | { readonly kind: "no-base" };

/** `next-save`: it did not fit beside the others. */
export type LeftOutOfSave = LeftOut | { readonly path: string; readonly why: "next-save" };

export interface SaveParts {
  readonly sandboxes: Sandboxes;
  readonly source: FilesSource;
  readonly limits?: WorkspaceLimits;
}

export interface SaveTarget {
  readonly projectId: ProjectId;
  readonly sandboxId: SandboxId;
  /** For each script and each call of the product; reads and writes keep the adapter's own. */
  readonly deadlineMs: number;
}

/**
 * One script run and no call of the product where nothing has changed. Repeated after a lost answer, the product sees
 * the same changes on the same base again. The sandbox must be running, under the caller's claim.
 * @throws UnknownProjectError, FilesUnavailableError, WorkspaceUnreadableError, and the port's errors
 */
export async function saveChanges(parts: SaveParts, target: SaveTarget): Promise<SaveOutcome> {
  const { sandboxes, source, limits = defaultLimits } = parts;
  const { projectId, sandboxId, deadlineMs } = target;
  const scan = await scanApp(sandboxes, limits, { sandboxId, deadlineMs, withSeal: false });
  const { base } = scan;
  if (!base) return { kind: "no-base" };
  const manifest = manifestOf(scan, limits);
  const difference = changesSince(base, manifest);
  const changed = difference.changed.length + difference.removed.length;
  if (changed === 0) return { kind: "nothing-to-save", leftOut: manifest.leftOut };
  if (!source.files.save) return { kind: "not-supported", changed };

  const { fitting, later } = whatFits(difference, manifest, limits);
  const changes = await readChanges(sandboxes, sandboxId, fitting, difference.removed);
  try {
    const revision = await saveProject({ ...source, deadlineMs }, projectId, changes, base.revision);
    if (revision === undefined) return { kind: "not-supported", changed };
    const saved = withChanges(base, changes, revision);
    await sandboxes.writeFiles(sandboxId, [fileList(saved.files.keys()), baseFile(saved)]);
    const leftOut = [...manifest.leftOut, ...later];
    return {
      kind: "saved",
      revision,
      changed: changes.changed.length,
      removed: changes.removed.length,
      leftOut,
    };
  } catch (error) {
    if (error instanceof StaleBaseError) return { kind: "stale-base", changed };
    throw error;
  }
}

interface Fitting {
  readonly fitting: readonly string[];
  readonly later: readonly LeftOutOfSave[];
}

/** In the order of the paths, until the next would be too much; the first one always fits, or it never would. */
function whatFits(
  { changed }: Difference,
  { files }: Manifest,
  { mostSavedBytes }: WorkspaceLimits,
): Fitting {
  let bytes = 0;
  const firstBeyond = changed.findIndex((path, index) => {
    bytes += files.get(path)?.sizeBytes ?? 0;
    return index > 0 && bytes > mostSavedBytes;
  });
  const end = firstBeyond < 0 ? changed.length : firstBeyond;
  return {
    fitting: changed.slice(0, end),
    later: changed.slice(end).map((path) => ({ path, why: "next-save" })),
  };
}

/** A file that vanished since the scan is neither: the next save finds it removed. */
async function readChanges(
  sandboxes: Sandboxes,
  sandboxId: SandboxId,
  changed: readonly string[],
  removed: readonly string[],
): Promise<ReadChanges> {
  const paths = changed.map((path) => `app/${path}`);
  const read = paths.length > 0 ? await sandboxes.readFiles(sandboxId, paths) : [];
  return {
    changed: read.map(({ path, content }) => ({ path: path.slice("app/".length), content })),
    removed,
  };
}

interface ReadChanges extends ProjectChanges {
  readonly changed: readonly { readonly path: string; readonly content: Uint8Array }[];
}

/** By what was really handed over, which may be newer than what was scanned. */
function withChanges(base: Base, { changed, removed }: ReadChanges, revision: string): Base {
  const files = new Map(base.files);
  for (const path of removed) files.delete(path);
  for (const { path, content } of changed) files.set(path, hashOf(content));
  // What an unfinished sync still needs is needed by what runs now, which has this revision's name from here on.
  return {
    ...base,
    revision,
    files,
    ...(base.pending ? { pending: { ...base.pending, since: revision } } : {}),
  };
}
