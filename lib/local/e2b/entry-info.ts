/**
 * Owns how a file or folder of a sandbox is described on the wire, in the sandbox's own paths (e2b.md §3.5). It must
 * never show where the sandbox lies on this machine. Undefined for what does not exist.
 */
import { type Stats, statSync } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { posix, resolve } from "node:path";
import { insideOf, type SandboxPath } from "@/lib/local/e2b/sandbox-paths";

export interface EntryInfo {
  readonly name: string;
  readonly type: "FILE_TYPE_FILE" | "FILE_TYPE_DIRECTORY" | "FILE_TYPE_UNSPECIFIED";
  readonly path: string;
  /** An int64, which proto3 JSON writes as text. */
  readonly size: string;
  readonly mode: number;
  readonly permissions: string;
  readonly owner: string;
  readonly group: string;
  readonly modifiedTime: string;
  readonly symlinkTarget?: string;
}

export async function describeEntry(root: string, path: SandboxPath): Promise<EntryInfo | undefined> {
  const own = await lstat(path.outside).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (!own) return undefined;
  // A link is described by what it leads to, as envd does; one that leads nowhere by itself.
  const stats = (own.isSymbolicLink() && statSync(path.outside, { throwIfNoEntry: false })) || own;
  const target = own.isSymbolicLink() ? await linkTarget(root, path) : undefined;
  return {
    name: posix.basename(path.inside),
    type: typeOf(stats),
    path: path.inside,
    size: String(stats.size),
    mode: stats.mode & 0o777,
    permissions: permissionsOf(stats),
    owner: "user",
    group: "user",
    modifiedTime: stats.mtime.toISOString(),
    ...(target === undefined ? {} : { symlinkTarget: target }),
  };
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

async function linkTarget(root: string, path: SandboxPath): Promise<string> {
  const target = resolve(posix.dirname(path.outside), await readlink(path.outside));
  return insideOf(root, target) ?? "(outside of the sandbox)";
}

function typeOf(stats: Stats): EntryInfo["type"] {
  if (stats.isFile()) return "FILE_TYPE_FILE";
  return stats.isDirectory() ? "FILE_TYPE_DIRECTORY" : "FILE_TYPE_UNSPECIFIED";
}

function permissionsOf(stats: Stats): string {
  const letters = "rwxrwxrwx".split("").map((letter, at) => (stats.mode & (0o400 >> at) ? letter : "-"));
  return `${stats.isDirectory() ? "d" : "-"}${letters.join("")}`;
}
