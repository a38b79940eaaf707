/**
 * Owns the port to a project's files, which the product implements over its own database. The product's files win:
 * whatever stands in a sandbox was loaded from here. Contents never travel in events, step results, logs or Redis.
 * Fails closed: whatever the port throws becomes an error of the catalogue.
 */
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

/** The newest version's name; asked before a sandbox is created, so that no project costs one in vain. */
export async function currentRevision(files: ProjectFiles, projectId: ProjectId): Promise<string> {
  return ask(projectId, () => files.revision(projectId));
}

/** The newest files, with paths that stay inside the project. @throws UnknownProjectError, FilesUnavailableError */
export function loadProject(files: ProjectFiles, projectId: ProjectId): Promise<ProjectFileSet> {
  return ask(projectId, async () => {
    const set = await files.load(projectId);
    if (!set.files.every(({ path }) => isInside(path))) {
      throw new Error("a path of the project leads outside it");
    }
    return set;
  });
}

async function ask<T>(projectId: ProjectId, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RekindleError) throw error;
    throw new FilesUnavailableError(projectId, error);
  }
}

function isInside(path: string): boolean {
  if (path === "" || path.startsWith("/") || path.includes("\\") || path.includes("\0")) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}
