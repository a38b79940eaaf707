/**
 * Owns which of the files in a sandbox are the project's, and how they differ from what the product gave. Pure. What
 * the product gave always counts; the rest counts unless the project's .gitignore or a limit leaves it out. It must
 * never take a file that it could not look at for one that was removed: such a file is named as left out.
 */
import type { Base } from "./base";
import { isInside } from "./files";
import { ignoreRules } from "./ignore-rules";
import type { WorkspaceLimits } from "./limits";
import type { Scan } from "./scan";

export interface FileState {
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface LeftOut {
  readonly path: string;
  /** `name`: no UTF-8, or a backslash in it; `link`: a symbolic link stands there or leads there. */
  readonly why: "too-large" | "too-many" | "unreadable" | "name" | "link";
}

export interface Manifest {
  /** By path, in the order of the paths. */
  readonly files: ReadonlyMap<string, FileState>;
  readonly leftOut: readonly LeftOut[];
}

export interface Difference {
  /** Added or changed, in the order of the paths. */
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export function manifestOf(scan: Scan, limits: WorkspaceLimits): Manifest {
  const isIgnored = ignoreRules(scan.ignoreFiles);
  const counts = (path: string) => scan.base?.files.has(path) || !isIgnored(path);
  const files = new Map<string, FileState>();
  const leftOut: LeftOut[] = [];
  for (const [path, { sha256, sizeBytes }] of [...scan.files].sort(byPath)) {
    if (!counts(path)) continue;
    if (!isInside(path)) leftOut.push({ path, why: "name" });
    else if (sha256 !== undefined) files.set(path, { sha256, sizeBytes });
    else leftOut.push({ path, why: whyUnhashed(sizeBytes, scan, limits) });
  }
  for (const path of scan.unnameable) leftOut.push({ path, why: "name" });
  for (const path of scan.links.filter(counts)) leftOut.push({ path, why: "link" });
  for (const path of unseenOf(scan)) leftOut.push({ path, why: "unreadable" });
  return { files, leftOut };
}

function whyUnhashed(sizeBytes: number, { files }: Scan, limits: WorkspaceLimits): LeftOut["why"] {
  if (sizeBytes > limits.largestFileBytes) return "too-large";
  return files.size > limits.mostFiles ? "too-many" : "unreadable";
}

/** Given files that the look did not meet, where it did not see everything. */
function unseenOf({ isWhole, base, files }: Scan): string[] {
  return isWhole ? [] : [...(base?.files.keys() ?? [])].filter((path) => !files.has(path));
}

const byPath = ([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number =>
  left < right ? -1 : 1;

/** What was done in the sandbox since the base; nothing that is left out appears in it. */
export function changesSince({ files: given }: Base, { files, leftOut }: Manifest): Difference {
  const hidden = new Set(leftOut.map(({ path }) => path));
  const isHidden = (path: string) => withFoldersAbove(path).some((part) => hidden.has(part));
  return {
    changed: [...files].flatMap(([path, { sha256 }]) => (given.get(path) === sha256 ? [] : [path])),
    removed: [...given.keys()].filter((path) => !files.has(path) && !isHidden(path)).sort(),
  };
}

function withFoldersAbove(path: string): string[] {
  const parts = path.split("/");
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}
