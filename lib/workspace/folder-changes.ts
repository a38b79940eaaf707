/**
 * Owns writing changes into a project's folder on disk. New contents are written aside first and then put in place, one
 * rename each: a reader never sees half a file, and a full disk changes nothing. It must never write or remove anything
 * outside the folder, also not through a link, nor among what a package manager or a build left behind: it then throws
 * `InvalidRequestError`, before anything has changed. A process that dies between two renames leaves some of them done.
 */
import { lstat, mkdir, mkdtemp, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InvalidRequestError } from "@/lib/errors";
import { isInside, type ProjectChanges } from "./files";
import { leftBehind } from "./left-behind";

/** Removals first, so that a file can take the place of a folder and the other way round. */
export async function changeFolder(root: string, { changed, removed }: ProjectChanges): Promise<void> {
  for (const path of [...changed.map((file) => file.path), ...removed]) await refuseOutside(root, path);
  // Beside the projects, on the same disk; the dot keeps it from being taken for one of them.
  const aside = await mkdtemp(join(dirname(root), ".saving-"));
  try {
    for (const [index, { content }] of changed.entries())
      await writeFile(join(aside, String(index)), content);
    for (const path of removed) {
      await rm(join(root, path), { force: true });
      await removeEmptyFolders(root, dirname(path));
    }
    for (const [index, { path }] of changed.entries()) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await rename(join(aside, String(index)), join(root, path));
    }
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function refuseOutside(root: string, path: string): Promise<void> {
  const parts = path.split("/");
  if (!isInside(path) || parts.some((part) => leftBehind.includes(part))) {
    throw new InvalidRequestError("a path is none of the project's files");
  }
  for (let depth = 1; depth < parts.length; depth += 1) {
    const found = await lstat(join(root, ...parts.slice(0, depth))).catch(absentAsUndefined);
    if (found?.isSymbolicLink()) throw new InvalidRequestError("a path leads through a link");
  }
}

async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  for (let current = folder; current !== "."; current = dirname(current)) {
    try {
      await rmdir(join(root, current));
    } catch (error) {
      const isKept =
        error instanceof Error && "code" in error && /^(ENOTEMPTY|EEXIST|ENOENT)$/.test(String(error.code));
      if (isKept) return;
      throw error;
    }
  }
}

function absentAsUndefined(error: unknown): undefined {
  if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
    return undefined;
  throw error;
}
