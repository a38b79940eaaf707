/**
 * Owns measuring what a sandbox uses of this machine now: processor and memory of its processes, and its folder's
 * size. It must never change anything. A process that ended meanwhile counts nothing; a tool that is missing rejects.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import pidusage from "pidusage";
import type { MachineUsage } from "@/lib/local/e2b/semantics/machines";

const run = promisify(execFile);

export async function usageOf(pids: readonly number[], folder: string): Promise<MachineUsage> {
  const [processes, diskUsedBytes] = await Promise.all([ofProcesses(pids), folderBytes(folder)]);
  return { ...processes, diskUsedBytes };
}

/** The share of the processor since the last reading, or over a process's life at its first. */
async function ofProcesses(pids: readonly number[]): Promise<Omit<MachineUsage, "diskUsedBytes">> {
  // One by one: asked together, the library rejects for all when one has ended.
  const readings = await Promise.allSettled(pids.map((pid) => pidusage(pid)));
  const living = readings.flatMap((reading) => (reading.status === "fulfilled" ? [reading.value] : []));
  const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);
  return {
    cpuUsedPct: sum(living.map(({ cpu }) => cpu)),
    memUsedBytes: sum(living.map(({ memory }) => memory)),
  };
}

async function folderBytes(folder: string): Promise<number> {
  try {
    return kibibytesOf((await run("du", ["-sk", folder])).stdout);
  } catch (error) {
    // It ends with 1 when something went away while it looked, and what it printed is still right.
    if (error instanceof Error && "stdout" in error) return kibibytesOf(String(error.stdout));
    throw error;
  }
}

function kibibytesOf(text: string): number {
  return (Number.parseInt(text, 10) || 0) * 1024;
}
