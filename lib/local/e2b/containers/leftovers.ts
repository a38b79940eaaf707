/**
 * Owns the note that a stand-in leaves in its folder, and clearing up after one that crashed: its processes are found
 * by the mark it put on them, never by pid. It must never touch the processes of one that still lives, so a folder in
 * use refuses the start. Fails closed: leftover processes that cannot be killed refuse the start too; leftover files
 * that cannot be removed are put aside and logged.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { freezeAndKillAll } from "@/lib/local/e2b/containers/process-signals";
import { markedProcesses } from "@/lib/local/e2b/containers/process-table";
import { removeFolder } from "@/lib/local/e2b/machine/remove-folder";
import { INSTANCE_NAME } from "@/lib/local/e2b/machine/sandbox-environment";
import type { Log } from "@/lib/log";

const noteShape = z.object({
  /** Random at each start, and on every process of it: two starts never share it. */
  instanceId: z.string().min(16),
  pid: z.int(),
  /** Tells this process from a later one with the same pid. */
  processStart: z.string(),
});

/** Clears up after an earlier stand-in of this folder and takes the folder; gives back what releases it. */
export async function takeFolder(
  rootFolder: string,
  instanceId: string,
  log: Log,
): Promise<{ sandboxesFolder: string; release: () => Promise<void> }> {
  const noteFile = join(rootFolder, "stand-in.json");
  const sandboxesFolder = join(rootFolder, "sandboxes");
  await mkdir(rootFolder, { recursive: true });
  const earlier = readNote(noteFile);
  if (earlier) {
    if (processStartOf(earlier.pid) === earlier.processStart) {
      throw new Error(`Another local E2B stand-in (pid ${earlier.pid}) uses ${rootFolder}`);
    }
    log.info(
      { rootFolder },
      "An earlier local E2B stand-in ended without clearing up; its processes were killed",
    );
    await freezeAndKillAll(() => markedProcesses(`${INSTANCE_NAME}=${earlier.instanceId}`));
    await rm(noteFile, { force: true });
  }
  await removeFolder(sandboxesFolder).catch(async (error: unknown) => {
    // A new sandbox must not find them, not even one with the same id.
    const aside = join(rootFolder, `leftovers-${instanceId}`);
    await rename(sandboxesFolder, aside);
    log.warn({ aside, error: String(error) }, "Files of an earlier local E2B stand-in could not be removed");
  });
  await mkdir(sandboxesFolder, { recursive: true });
  const note = { instanceId, pid: process.pid, processStart: processStartOf(process.pid) ?? "unknown" };
  // "wx": of two that start at the same moment one is refused.
  await writeFile(noteFile, JSON.stringify(note), { flag: "wx" });
  const release = async () => {
    try {
      await removeFolder(sandboxesFolder);
    } finally {
      // The folder is free all the same: the next start puts aside what remained.
      await rm(noteFile, { force: true });
    }
  };
  return { sandboxesFolder, release };
}

function readNote(file: string): z.infer<typeof noteShape> | undefined {
  try {
    return noteShape.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new Error(`${file} is not a note of the local E2B stand-in; remove it by hand: ${String(error)}`);
  }
}

/** Undefined when there is no such process. */
function processStartOf(pid: number): string | undefined {
  if (process.platform !== "linux") {
    const found = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
    return found.stdout.trim() || undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Field 22, in clock ticks since the boot; the second bracket ends field 2.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    // No such process.
    return undefined;
  }
}
