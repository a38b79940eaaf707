/**
 * Owns the samples as a launch shows them: copies of their own, because what is changed inside a sandbox is saved back to
 * its project, and that must never be this repository. It must never write over a copy that is there: it may hold work.
 * Fails closed: what cannot be copied ends the launch.
 */
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/** The folder with a copy of each sample; one that was removed is there again. */
export async function ownSamples(samplesFolder: string, launchFolder: string): Promise<string> {
  const folder = join(launchFolder, "projects");
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(samplesFolder)) {
    if (existsSync(join(folder, name))) continue;
    // Beside it first: a launch that ends half-way must not leave half a project that looks whole.
    const unfinished = join(launchFolder, `unfinished-${name}`);
    await rm(unfinished, { recursive: true, force: true });
    await cp(join(samplesFolder, name), unfinished, { recursive: true });
    await rename(unfinished, join(folder, name));
  }
  return folder;
}
