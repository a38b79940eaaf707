/**
 * Owns what a sandbox in namespaces sees of this machine besides its own files: the system's programs and the Node that
 * runs the stand-in, read-only, and npm's cache. It must never show the developer's home as a whole: keys live there.
 * Pure but for looking which folders exist.
 */
import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname } from "node:path";

export interface View {
  /** Each `[how, path]` of `namespace-setup.sh`, a folder before what lies in it. */
  readonly mounts: readonly (readonly [how: string, path: string])[];
  /** Links of the sandbox's root that this machine's root has too, as `/bin` often is one. */
  readonly links: readonly { readonly path: string; readonly target: string }[];
}

export interface ViewRequest {
  readonly searchPath: string;
  /** Shown read-write at the same place; made where it does not exist. */
  readonly cacheFolder: string;
  /** Single files shown read-only, such as npm's configuration. */
  readonly files: readonly (string | undefined)[];
  /** Files of the sandbox's own that stand at a place of the system, by that place. */
  readonly ownFiles: ReadonlyMap<string, string>;
}

const SYSTEM_FOLDERS = "/usr /bin /sbin /lib /lib32 /lib64 /libx32 /etc /nix /snap /run/current-system".split(
  " ",
);
/** The kernel's own: they cannot be read-only, and are not files of anybody. Devices are made by the setup. */
const KERNEL_FOLDERS = ["/proc", "/sys"];

export function viewOfThisMachine(request: ViewRequest): View {
  const present = SYSTEM_FOLDERS.filter((path) => existsSync(path));
  const links = present.filter((path) => lstatSync(path).isSymbolicLink());
  const folders = present.filter((path) => !links.includes(path));
  const isShown = (path: string) => [...folders, ...links].some((folder) => isWithin(path, folder));
  const programs = [dirname(process.execPath), ...request.searchPath.split(delimiter)]
    .filter((path) => path.startsWith("/") && existsSync(path) && !isShown(path))
    .map(withItsNeighbours);
  const files = request.files.filter((path) => path !== undefined && existsSync(path) && !isShown(path));
  return {
    links: links.map((path) => ({ path, target: readlinkSync(path) })),
    mounts: [
      ...KERNEL_FOLDERS.map((path) => ["rw", path] as const),
      ...outermost([...folders, ...programs]).map((path) => ["ro", path] as const),
      ["rw", request.cacheFolder],
      ...files.map((path) => ["ro", path ?? ""] as const),
      ...[...request.ownFiles].map(([path, source]) => [`file:${source}`, path] as const),
    ],
  };
}

/** A program's libraries stand beside its folder (`lib`, `libexec`), unless that would be somebody's home. */
function withItsNeighbours(folder: string): string {
  const parent = dirname(folder);
  return parent === "/" || isWithin(homedir(), parent) ? folder : parent;
}

function outermost(folders: readonly string[]): string[] {
  const different = [...new Set(folders)];
  return different.filter((path) => !different.some((other) => other !== path && isWithin(path, other)));
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
