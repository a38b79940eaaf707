/**
 * Owns which processes a launch has: all that descend from it, and those of its sandboxes, which may have lost their
 * parents and are known by the mark of their stand-in. A process is told by pid and start, because pids are used again
 * and titles change. On Linux it reads /proc, because small images have no `ps`. Fails closed: a table that cannot be
 * read is thrown.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { processesOf, readProcessTable } from "@/lib/local/e2b/containers/process-table";
import { INSTANCE_NAME } from "@/lib/local/e2b/machine/sandbox-environment";

export interface KnownProcess {
  readonly pid: number;
  /** When it started, in the system's own unit; with the pid it names one process for good. */
  readonly start: string;
  readonly command: string;
}

/** What belongs to it now, itself included. */
export async function processesOfLaunch(launch: {
  readonly pid: number;
  readonly folder: string;
}): Promise<KnownProcess[]> {
  const table = readProcessTable(`${INSTANCE_NAME}=${await instanceIdOf(launch.folder)}`);
  const pids = new Set([launch.pid, ...processesOf(table, process.pid).map(({ pid }) => pid)]);
  for (let grew = true; grew; ) {
    const children = table.filter(({ pid, parentPid }) => pids.has(parentPid) && !pids.has(pid));
    for (const { pid } of children) pids.add(pid);
    grew = children.length > 0;
  }
  return table
    .filter(({ pid, isDead }) => pids.has(pid) && !isDead)
    .flatMap(({ pid }) => describe(pid) ?? []);
}

/** Those of them that are alive now. */
export function stillAlive(known: readonly KnownProcess[]): KnownProcess[] {
  const alive = new Set(readProcessTable("").flatMap(({ pid, isDead }) => (isDead ? [] : [pid])));
  return known.filter(({ pid, start }) => alive.has(pid) && describe(pid)?.start === start);
}

const noteSchema = z.object({ instanceId: z.string() });

async function instanceIdOf(folder: string): Promise<string> {
  const note = await readFile(join(folder, "e2b", "stand-in.json"), "utf8");
  return noteSchema.parse(JSON.parse(note)).instanceId;
}

/** Undefined when it has ended meanwhile. */
function describe(pid: number): KnownProcess | undefined {
  return process.platform === "linux" ? describeByProc(pid) : describeByPs(pid);
}

function describeByProc(pid: number): KnownProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The 22nd field is the start; the second may hold spaces and ends with the last bracket.
    const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return start === undefined ? undefined : { pid, start, command };
  } catch {
    // It has ended: there is nothing to describe.
    return undefined;
  }
}

function describeByPs(pid: number): KnownProcess | undefined {
  const column = (name: string) => spawnSync("ps", ["-ww", "-p", String(pid), "-o", `${name}=`]).stdout;
  const [start, command] = [column("lstart"), column("command")].map((text) => text.toString("utf8").trim());
  return start && command ? { pid, start, command } : undefined;
}
