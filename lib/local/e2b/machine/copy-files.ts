/**
 * Owns copying a sandbox's folder: contents, times and links as they are. FIFOs, sockets and devices stay behind: they are
 * ends of something between processes, and those are not copied. It must never follow a link. Rejects when something
 * could not be copied; what was copied until then is the caller's to remove.
 */
import { cp, lstat } from "node:fs/promises";

/** To a folder that is not there yet; without what `isLeftOut` says of paths below `from`. */
export async function copyFiles(
  from: string,
  to: string,
  isLeftOut: (path: string) => boolean,
): Promise<void> {
  await cp(from, to, {
    recursive: true,
    preserveTimestamps: true,
    verbatimSymlinks: true,
    filter: async (path) => !isLeftOut(path) && (await canBeCopied(path)),
  });
}

async function canBeCopied(path: string): Promise<boolean> {
  const found = await lstat(path);
  return found.isFile() || found.isDirectory() || found.isSymbolicLink();
}
