/**
 * Owns removing a folder with all that a sandbox may have left in it. Folders that may not be written, such as those of
 * Go's module cache, are made writable first, as root in E2B's cloud would not even have to. It must never follow a link:
 * what lies behind one is not the sandbox's. Rejects when something remains.
 */
import { chmod, lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** What is not there is removed already. */
export async function removeFolder(folder: string): Promise<void> {
  const remove = () => rm(folder, { recursive: true, force: true });
  await remove().catch(async (error: unknown) => {
    if (!isForbidden(error)) throw error;
    await makeWritable(folder);
    await remove();
  });
}

/**
 * From the top: what is below can only be seen once its folder may be read. What is gone meanwhile is no failure: the
 * removal that was refused goes on beside this, in the folders that it could open.
 */
async function makeWritable(folder: string): Promise<void> {
  const found = await unlessGone(lstat(folder));
  if (!found?.isDirectory()) return;
  await unlessGone(chmod(folder, 0o700));
  for (const entry of (await unlessGone(readdir(folder, { withFileTypes: true }))) ?? []) {
    if (entry.isDirectory()) await makeWritable(join(folder, entry.name));
  }
}

function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  });
}

function isForbidden(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EACCES" || error.code === "EPERM");
}
