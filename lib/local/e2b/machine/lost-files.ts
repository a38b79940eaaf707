/**
 * Owns losing files of a sandbox, as a disk would: for tests of who notices. It must never reach outside the sandbox's
 * folder, and never take away the folders that every sandbox has, which its running processes see: these are emptied.
 * What is not there is lost already; a path that leads out rejects with `PathRefused`.
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { HOME, sandboxEntry } from "@/lib/local/e2b/machine/sandbox-paths";

const KEPT_FOLDERS = [HOME, "/tmp"];

/** Paths as the sandbox sees them; folders with all that is in them. */
export async function loseFilesIn(root: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const { inside, outside } = sandboxEntry(root, path);
    const kept = KEPT_FOLDERS.filter((folder) =>
      `${folder}/`.startsWith(inside === "/" ? "/" : `${inside}/`),
    );
    if (kept.length === 0) await rm(outside, { recursive: true, force: true });
    for (const folder of kept) await empty(join(root, folder));
  }
}

async function empty(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
}
