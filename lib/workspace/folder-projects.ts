/**
 * Owns the files port over a folder on disk: each folder in it is a project. The samples come from here, and a product
 * that keeps its projects as folders can use it as it is. It must never read or write outside the given folder, nor
 * what a package manager or a build left behind. Fails closed: no such folder is `UnknownProjectError`, a path that may
 * not be written `InvalidRequestError`, the rest is thrown. Saves of one project wait for each other in this process;
 * two processes over one folder are not kept apart.
 */
import { createHash } from "node:crypto";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { StaleBaseError, UnknownProjectError } from "@/lib/errors";
import type { ProjectId } from "@/lib/ids";
import { bytesOf } from "./base";
import type { ProjectChanges, ProjectFile, ProjectFileSet, ProjectFiles } from "./files";
import { changeFolder } from "./folder-changes";
import { leftBehind } from "./left-behind";

/** The version of a folder is the hash of its paths and contents. */
export function folderProjects(folder: string): Required<Omit<ProjectFiles, "forget">> {
  const lastSaves = new Map<ProjectId, Promise<unknown>>();

  async function load(projectId: ProjectId): Promise<ProjectFileSet> {
    const root = join(folder, projectId);
    if (!(await isFolder(root))) throw new UnknownProjectError(projectId);
    const files = await readFolder(root, root);
    return { revision: revisionOf(files), files, isPartial: false };
  }

  const revision = async (projectId: ProjectId): Promise<string> => (await load(projectId)).revision;

  async function saveOne(projectId: ProjectId, changes: ProjectChanges, base: string): Promise<string> {
    const newest = await load(projectId);
    if (newest.revision !== base) {
      if (holds(newest, changes)) return newest.revision;
      throw new StaleBaseError(projectId);
    }
    await changeFolder(join(folder, projectId), changes);
    return revision(projectId);
  }

  return {
    load,
    revision,
    save(projectId, changes, base) {
      const before = lastSaves.get(projectId) ?? Promise.resolve();
      const saving = before.then(() => saveOne(projectId, changes, base));
      // Who asked is told by `saving`; the next in line only waits for it to be over.
      lastSaves.set(
        projectId,
        saving.catch(() => undefined),
      );
      return saving;
    },
  };
}

/** True where these changes are in already: a save whose answer was lost comes again. */
function holds({ files }: ProjectFileSet, { changed, removed }: ProjectChanges): boolean {
  const found = new Map(files.map(({ path, content }) => [path, Buffer.from(content)]));
  return (
    changed.every(({ path, content }) => found.get(path)?.equals(bytesOf(content)) ?? false) &&
    removed.every((path) => !found.has(path))
  );
}

/** False for a link: it could lead outside. A folder that may not be looked at is an error, not an unknown project. */
async function isFolder(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}

async function readFolder(root: string, folder: string): Promise<ProjectFile[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries
      .filter((entry) => !leftBehind.includes(entry.name))
      .map(async (entry): Promise<ProjectFile[]> => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return readFolder(root, path);
        // Links are left out: they could lead outside the project.
        if (!entry.isFile()) return [];
        return [{ path: relative(root, path).split(sep).join("/"), content: await readFile(path) }];
      }),
  );
  return found.flat().sort((left, right) => (left.path < right.path ? -1 : 1));
}

function revisionOf(files: readonly ProjectFile[]): string {
  const hash = createHash("sha256");
  for (const { path, content } of files) {
    hash.update(
      `${path}\n${typeof content === "string" ? Buffer.byteLength(content) : content.byteLength}\n`,
    );
    hash.update(content);
  }
  return hash.digest("hex").slice(0, 16);
}
