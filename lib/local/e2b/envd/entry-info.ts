/**
 * Owns how a file or folder of a sandbox is described on the wire, in the sandbox's own paths (e2b.md §3.5; INFRA
 * shared/pkg/filesystem/entry.go). It must never show where the sandbox lies on this machine. Undefined for what does
 * not exist.
 */
import type { Stats } from "node:fs";
import { lstat } from "node:fs/promises";
import { join, posix } from "node:path";
import { type Metadata, metadataOf } from "@/lib/local/e2b/envd/file-metadata";
import { followLinks, PathRefused, type SandboxPath } from "@/lib/local/e2b/machine/sandbox-paths";

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
  readonly metadata?: Metadata;
}

/** Of the entry itself. A link has the type and mode of what it leads to, and its own size, time and letters. */
export async function describeEntry(root: string, entry: SandboxPath): Promise<EntryInfo | undefined> {
  const own = await statsOf(entry.outside);
  if (!own) return undefined;
  const target = own.isSymbolicLink() ? await follow(root, entry) : undefined;
  const meant = target ? target.stats : own;
  const metadata = meant && (await metadataOf(target ? target.outside : entry.outside));
  return {
    name: posix.basename(entry.inside),
    type: typeOf(meant),
    path: entry.inside,
    size: String(own.size),
    mode: (meant?.mode ?? 0) & 0o777,
    permissions: permissionsOf(own),
    owner: nameOf(own.uid, process.getuid?.()),
    group: nameOf(own.gid, process.getgid?.()),
    modifiedTime: own.mtime.toISOString(),
    ...(target === undefined ? {} : { symlinkTarget: target.inside }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

async function statsOf(outside: string): Promise<Stats | undefined> {
  return lstat(outside).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}

/** A link that leads nowhere is given as its own target. */
async function follow(
  root: string,
  entry: SandboxPath,
): Promise<SandboxPath & { readonly stats: Stats | undefined }> {
  const inside = targetOf(root, entry);
  const outside = join(root, inside);
  const stats = await statsOf(outside);
  return { inside: stats ? inside : entry.inside, outside, stats };
}

function targetOf(root: string, { inside }: SandboxPath): string {
  try {
    return followLinks(root, inside);
  } catch (error) {
    // Links in a circle; anything else is not about this link.
    if (error instanceof PathRefused) return inside;
    throw error;
  }
}

function typeOf(stats: Stats | undefined): EntryInfo["type"] {
  if (stats?.isFile()) return "FILE_TYPE_FILE";
  return stats?.isDirectory() ? "FILE_TYPE_DIRECTORY" : "FILE_TYPE_UNSPECIFIED";
}

/** As Go writes them. */
function permissionsOf(stats: Stats): string {
  const letters = "rwxrwxrwx".split("").map((letter, at) => (stats.mode & (0o400 >> at) ? letter : "-"));
  const kind = stats.isDirectory() ? "d" : stats.isSymbolicLink() ? "L" : "-";
  return `${kind}${letters.join("")}`;
}

/** Whoever runs the stand-in is the sandbox's `user`: everything is made by that one. */
function nameOf(id: number, ownId: number | undefined): string {
  if (id === ownId) return "user";
  return id === 0 ? "root" : String(id);
}
