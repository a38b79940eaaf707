/**
 * Owns where a sandbox's own paths lie on this machine: `/` is the sandbox's folder, `/home/user` its home. Links are
 * followed as inside a chroot, so a path can never lead out of that folder: `..` ends at its `/`, and a link to `/etc`
 * is the sandbox's own `/etc`. Fails closed with `PathRefused`. A process that puts a link in place between the
 * reading and the use is not held: the stand-in isolates nothing.
 */
import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, posix } from "node:path";

export const HOME = "/home/user";
export const HOME_OF_ROOT = "/root";

/** The kernel's, and so this machine's: they are no files that a sandbox could have of its own. */
const OF_THE_KERNEL = ["/proc", "/sys", "/dev"];

/** As Linux. */
const MOST_LINKS = 40;

export class PathRefused extends Error {
  override readonly name = "PathRefused";
}

export interface SandboxPath {
  /** As the sandbox sees it: absolute, normalized, links as they were asked for. */
  readonly inside: string;
  /** As this machine sees it: no link in it is left to follow. */
  readonly outside: string;
}

/** Makes the folders that every sandbox has. */
export async function makeSandboxFolders(root: string): Promise<void> {
  for (const folder of [HOME, HOME_OF_ROOT, "/tmp"]) {
    await mkdir(join(root, folder), { recursive: true });
  }
}

/** A relative path counts from the home, `~` is the home. What does not exist (yet) lies where it would be. */
export function sandboxPath(root: string, path: string, home = HOME): SandboxPath {
  const inside = normalize(path, home);
  return { inside, outside: join(root, refuseOfTheKernel(followLinks(root, inside))) };
}

/** The entry itself, also when it is a link: for describing, removing and renaming it. */
export function sandboxEntry(root: string, path: string, home = HOME): SandboxPath {
  const inside = normalize(path, home);
  const folder = refuseOfTheKernel(followLinks(root, posix.dirname(inside)));
  refuseOfTheKernel(posix.join(folder, posix.basename(inside)));
  return { inside, outside: join(root, folder, posix.basename(inside)) };
}

/** Where an absolute path of the sandbox really leads, still as the sandbox sees it. */
export function followLinks(root: string, inside: string): string {
  const ahead = inside.split("/");
  let reached = "/";
  let followed = 0;
  for (let name = ahead.shift(); name !== undefined; name = ahead.shift()) {
    const next = posix.join(reached, name);
    // The kernel's links (`/proc/self`) are about who asks, which would be this process.
    const target = isOfTheKernel(next) ? undefined : linkTarget(join(root, next));
    if (target === undefined) {
      reached = next;
      continue;
    }
    followed += 1;
    if (followed > MOST_LINKS) throw new PathRefused(`path '${inside}' holds too many links`);
    const seen = asSeenInside(root, target);
    if (seen.startsWith("/")) reached = "/";
    ahead.unshift(...seen.split("/"));
  }
  return reached;
}

function refuseOfTheKernel(reached: string): string {
  if (!isOfTheKernel(reached)) return reached;
  throw new PathRefused(`path '${reached}' belongs to the kernel of the machine, not to the sandbox`);
}

export function isOfTheKernel(inside: string): boolean {
  return OF_THE_KERNEL.some((folder) => inside === folder || inside.startsWith(`${folder}/`));
}

function normalize(path: string, home: string): string {
  if (path.includes("\0")) throw new PathRefused("A path cannot contain a zero byte");
  if (/^~[^/]/.test(path)) throw new PathRefused("cannot expand user-specific home dir");
  const inside = posix.resolve(home, path.startsWith("~") ? `${home}/${path.slice(1)}` : path);
  return inside.length > 1 && inside.endsWith("/") ? inside.slice(0, -1) : inside;
}

function linkTarget(outside: string): string | undefined {
  const isLink = lstatSync(outside, { throwIfNoEntry: false })?.isSymbolicLink();
  return isLink ? readlinkSync(outside) : undefined;
}

/** Where commands see this machine's paths, their links hold this machine's paths too. */
function asSeenInside(root: string, target: string): string {
  for (const folder of [root, realpathSync(root)]) {
    if (target === folder) return "/";
    if (target.startsWith(`${folder}/`)) return target.slice(folder.length);
  }
  return target;
}
