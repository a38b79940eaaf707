/**
 * Owns the files port over a folder on disk: each folder in it is a project. The samples come from here, and a product
 * that keeps its projects as folders can use it as it is. It must never read outside the given folder, nor what a
 * package manager or a build left behind. Fails closed: no such folder is `UnknownProjectError`, the rest is thrown.
 */
import { createHash } from "node:crypto";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { UnknownProjectError } from "@/lib/errors";
import type { ProjectId } from "@/lib/ids";
import type { ProjectFile, ProjectFileSet, ProjectFiles } from "./files";

/** What installs and builds produce; the sandbox makes its own. */
const leftOut = new Set(["node_modules", ".next", ".git", ".local"]);

/** The version of a folder is the hash of its paths and contents. */
export function folderProjects(folder: string): ProjectFiles {
  async function load(projectId: ProjectId): Promise<ProjectFileSet> {
    const root = join(folder, projectId);
    if (!(await isFolder(root))) throw new UnknownProjectError(projectId);
    const files = await readFolder(root, root);
    return { revision: revisionOf(files), files };
  }

  return {
    load,
    revision: async (projectId) => (await load(projectId)).revision,
  };
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
      .filter((entry) => !leftOut.has(entry.name))
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
