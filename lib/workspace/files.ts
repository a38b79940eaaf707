/**
 * Owns the port to a project's files, which the product implements over its own database. The product's files win:
 * whatever stands in a sandbox was loaded from here. Contents never travel in events, step results, logs or Redis.
 * Fails closed: whatever the port throws becomes an error of the catalogue.
 */
import { type Clock, within } from "@/lib/clock";
import { FilesUnavailableError, RekindleError } from "@/lib/errors";
import type { ProjectId } from "@/lib/ids";

export interface ProjectFile {
  /** Relative to the project's root, with forward slashes. */
  readonly path: string;
  readonly content: Uint8Array | string;
}

export interface ProjectFileSet {
  /** The version of these files, as `revision` would have answered for them. */
  readonly revision: string;
  readonly files: readonly ProjectFile[];
}

export interface ProjectFiles {
  /** The newest version's name. @throws UnknownProjectError */
  revision(projectId: ProjectId): Promise<string>;
  /** All files of the newest version; with `since`, at least those that changed after it. @throws UnknownProjectError */
  load(projectId: ProjectId, since?: string): Promise<ProjectFileSet>;
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
  return ask(source, projectId, async () => {
    const set = await source.files.load(projectId);
    if (!set.files.every(({ path }) => isInside(path))) {
      throw new Error("a path of the project leads outside it");
    }
    return set;
  });
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

function isInside(path: string): boolean {
  if (path === "" || path.startsWith("/") || path.includes("\\") || path.includes("\0")) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}
