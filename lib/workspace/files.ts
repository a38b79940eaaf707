/**
 * Owns the port to a project's files, which the product implements over its own database. The product's files win:
 * whatever stands in a sandbox was loaded from here, and what was done there goes back through `save`. Contents never
 * travel in events, step results, logs or Redis. Fails closed: whatever the port throws becomes an error of the catalogue.
 */
import { type Clock, within } from "@/lib/clock";
import { FilesUnavailableError, RekindleError } from "@/lib/errors";
import type { ProjectId, Scope, UserId } from "@/lib/ids";

export interface ProjectFile {
  /** Relative to the project's root, with forward slashes. */
  readonly path: string;
  readonly content: Uint8Array | string;
}

export interface ProjectFileSet {
  /** The version of these files, as `revision` would have answered for them. */
  readonly revision: string;
  readonly files: readonly ProjectFile[];
  /**
   * Answers to `since` say it: true, `files` are those that were added or changed after it, and `removed` names the
   * rest; false, `files` are all. An answer that does not say it is not guessed at: everything is loaded once more.
   */
  readonly isPartial?: boolean;
  /** Paths that were there at `since` and are not any more. Only read where `isPartial` is true. */
  readonly removed?: readonly string[];
}

/** What was done in a sandbox, whole files each. */
export interface ProjectChanges {
  readonly changed: readonly ProjectFile[];
  readonly removed: readonly string[];
}

export interface ProjectFiles {
  /** The newest version's name. @throws UnknownProjectError */
  revision(projectId: ProjectId): Promise<string>;
  /** All files of the newest version; with `since`, at least those that changed after it. @throws UnknownProjectError */
  load(projectId: ProjectId, since?: string): Promise<ProjectFileSet>;
  /**
   * Takes in changes that were made on `baseRevision`, all or none, and answers the revision whose files are those of
   * the base with these changes. Absent: what people and agents do in a sandbox stays in that sandbox.
   * Where the base is not the newest revision any more it throws `StaleBaseError` and changes nothing, unless the
   * newest holds these very changes: a call whose answer was lost comes again, word by word, and is answered with the
   * newest revision. Check the paths as any input: the sandbox's user chose them. @throws StaleBaseError, UnknownProjectError
   */
  save?(projectId: ProjectId, changes: ProjectChanges, baseRevision: string): Promise<string>;
  /**
   * Removes what the product itself keeps of this preview (its saves, if they are not the project's own files), when it is
   * forgotten. Absent: the receipt says that the product took no part. Called again after a lost answer.
   */
  forget?(projectId: ProjectId, userId: UserId): Promise<void>;
}

/** The port, and how long it may take: a product's database that hangs must not hold a claim. */
export interface FilesSource {
  readonly files: ProjectFiles;
  readonly clock: Clock;
  readonly deadlineMs: number;
}

/**
 * The newest version's name; asked before a sandbox is created, so that no project costs one in vain.
 * @throws UnknownProjectError, FilesUnavailableError
 */
export function currentRevision(source: FilesSource, projectId: ProjectId): Promise<string> {
  return ask(source, projectId, () => source.files.revision(projectId));
}

/** The newest files, with paths that stay inside the project. @throws UnknownProjectError, FilesUnavailableError */
export function loadProject(source: FilesSource, projectId: ProjectId): Promise<ProjectFileSet> {
  return ask(source, projectId, async () => checked(await source.files.load(projectId)));
}

/** What has changed after `since`, marked as partial, or all files. @throws UnknownProjectError, FilesUnavailableError */
export async function loadChanges(
  source: FilesSource,
  projectId: ProjectId,
  since: string,
): Promise<ProjectFileSet> {
  const set = await ask(source, projectId, async () => checked(await source.files.load(projectId, since)));
  return set.isPartial === undefined ? loadProject(source, projectId) : set;
}

/**
 * The revision that holds the changes, or undefined where the product does not take any.
 * @throws StaleBaseError, UnknownProjectError, FilesUnavailableError
 */
export async function saveProject(
  source: FilesSource,
  projectId: ProjectId,
  changes: ProjectChanges,
  baseRevision: string,
): Promise<string | undefined> {
  const { files } = source;
  return ask(source, projectId, async () => files.save?.(projectId, changes, baseRevision));
}

/** Whether the product takes part in forgetting; what it kept is gone then. @throws FilesUnavailableError */
export async function forgetSaves(source: FilesSource, { projectId, userId }: Scope): Promise<boolean> {
  const { files } = source;
  if (!files.forget) return false;
  await ask(source, projectId, async () => files.forget?.(projectId, userId));
  return true;
}

/** True for a path that names a file inside the project, on every system. */
export function isInside(path: string): boolean {
  if (path === "" || path.startsWith("/") || path.includes("\\") || path.includes("\0")) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function checked(set: ProjectFileSet): ProjectFileSet {
  const paths = [...set.files.map(({ path }) => path), ...(set.removed ?? [])];
  if (!paths.every(isInside)) throw new Error("a path of the project leads outside it");
  return set;
}

async function ask<T>(
  { clock, deadlineMs }: FilesSource,
  projectId: ProjectId,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await within(clock, deadlineMs, work);
  } catch (error) {
    if (error instanceof RekindleError) throw error;
    throw new FilesUnavailableError(projectId, error);
  }
}
