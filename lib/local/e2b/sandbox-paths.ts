/**
 * Owns where a sandbox's own paths lie on this machine: `/` is the sandbox's folder, `/home/user` its home. It must
 * never resolve to something outside that folder, neither by `..` nor through a symbolic link. Fails closed with
 * `PathRefused`. A process that swaps a link between check and use is not held: the stand-in isolates nothing.
 */
import { lstatSync, realpathSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join, posix, relative, sep } from "node:path";

export const HOME = "/home/user";

export class PathRefused extends Error {
  override readonly name = "PathRefused";
}

export interface SandboxPath {
  /** As the sandbox sees it: absolute, normalized. */
  readonly inside: string;
  /** As this machine sees it. */
  readonly outside: string;
}

/** Makes the folders that every sandbox has. */
export async function makeSandboxFolders(root: string): Promise<void> {
  for (const folder of [HOME, "/tmp", "/.ports"]) await mkdir(join(root, folder), { recursive: true });
}

/** A relative path counts from the home, `~` is the home, and `..` ends at the sandbox's `/`. Links are followed. */
export function sandboxPath(root: string, path: string): SandboxPath {
  const found = locate(root, path);
  refuseEscape(root, found.outside, path);
  return found;
}

/** The entry itself, also when it is a link that leads outside: for removing and renaming it. */
export function sandboxEntry(root: string, path: string): SandboxPath {
  const found = locate(root, path);
  refuseEscape(root, found.inside === "/" ? found.outside : dirname(found.outside), path);
  return found;
}

function locate(root: string, path: string): SandboxPath {
  if (path.includes("\0")) throw new PathRefused("A path cannot contain a zero byte");
  const fromHome = path === "~" || path.startsWith("~/") ? `${HOME}/${path.slice(1)}` : path;
  const inside = trimEnd(posix.resolve(HOME, fromHome));
  return { inside, outside: join(root, inside) };
}

/** What the sandbox would call a path of this machine; undefined outside its folder. */
export function insideOf(root: string, outside: string): string | undefined {
  const way = relative(root, outside);
  if (way === "..") return undefined;
  if (way.startsWith(`..${sep}`)) return undefined;
  return `/${way.split(sep).join("/")}`;
}

function refuseEscape(root: string, outside: string, asked: string): void {
  const real = realPathOfDeepest(outside);
  if (real !== undefined && insideOf(realpathSync(root), real) !== undefined) return;
  throw new PathRefused(`path '${asked}' leads out of the sandbox`);
}

/** Undefined for a link that leads nowhere: writing through it would create its target, wherever that is. */
function realPathOfDeepest(path: string): string | undefined {
  let candidate = path;
  while (!isThere(candidate) && dirname(candidate) !== candidate) candidate = dirname(candidate);
  try {
    return realpathSync(candidate);
  } catch {
    return undefined;
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function trimEnd(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
