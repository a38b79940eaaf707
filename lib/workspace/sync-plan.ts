/**
 * Owns what a new revision changes in a sandbox: which files are written, which are removed, and which of the sandbox's
 * own changes have to be set aside first, because the product's files win. Pure. It must never touch a file that the new
 * revision leaves as the base has it: what was done to such a file is not saved yet, and stays.
 */
import { createHash } from "node:crypto";
import { type Base, bytesOf, hashOf } from "./base";
import type { ProjectFileSet } from "./files";
import type { Scan } from "./scan";

export interface SyncPlan {
  readonly revision: string;
  /** Differs from the base: added or changed. */
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** Those of `changed` that the sandbox does not have yet. */
  readonly writes: readonly { readonly path: string; readonly content: Uint8Array }[];
  /** Paths where something that the product never gave may stand, and would be lost. */
  readonly ours: readonly string[];
  /** What the base is once the plan is carried out. */
  readonly files: ReadonlyMap<string, string>;
}

export function planSync(base: Base, scan: Scan, next: ProjectFileSet): SyncPlan {
  const contents = new Map(next.files.map(({ path, content }) => [path, bytesOf(content)]));
  const files = new Map(next.isPartial ? base.files : []);
  for (const path of next.isPartial ? (next.removed ?? []) : []) files.delete(path);
  for (const [path, content] of contents) files.set(path, hashOf(content));

  const changed = [...files.keys()].filter((path) => files.get(path) !== base.files.get(path)).sort();
  const removed = [...base.files.keys()].filter((path) => !files.has(path)).sort();
  const found = (path: string) => scan.files.get(path)?.sha256;
  const writes = changed.flatMap((path) => {
    const content = contents.get(path);
    return content === undefined || found(path) === files.get(path) ? [] : [{ path, content }];
  });
  const isOurs = (path: string) => found(path) === undefined || found(path) !== base.files.get(path);
  const ours = [...writes.map(({ path }) => path), ...removed].filter(isOurs);
  return { revision: next.revision, changed, removed, writes, ours, files };
}

/** A folder's name for a revision: its own where that is one, else its hash. */
export function folderOfRevision(revision: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/.test(revision)) return revision;
  return createHash("sha256").update(revision).digest("hex").slice(0, 16);
}
