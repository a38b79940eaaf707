/**
 * Owns which processes a launch has: all that descend from it, and those of its sandboxes, which may have lost their
 * parents and are known by the mark of their stand-in. A process is told by pid and command, because pids are used
 * again. Fails closed: a table that cannot be read is thrown.
 */
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { processesOf, readProcessTable } from "@/lib/local/e2b/process-table";
import { INSTANCE_NAME } from "@/lib/local/e2b/sandbox-environment";

export interface KnownProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly command: string;
}

/** The command itself first. */
export async function processesOfLaunch(launch: {
  readonly pid: number;
  readonly folder: string;
}): Promise<KnownProcess[]> {
  const mark = `${INSTANCE_NAME}=${await instanceIdOf(launch.folder)}`;
  const pids = new Set([
    launch.pid,
    ...processesOf(readProcessTable(mark), process.pid).map(({ pid }) => pid),
  ]);
  const table = readTable();
  for (let grew = true; grew; ) {
    const children = table.filter(({ pid, parentPid }) => pids.has(parentPid) && !pids.has(pid));
    for (const { pid } of children) pids.add(pid);
    grew = children.length > 0;
  }
  return table.filter(({ pid }) => pids.has(pid));
}

/** Those of them that are alive now. */
export function stillAlive(known: readonly KnownProcess[]): KnownProcess[] {
  const table = new Map(readTable().map((row) => [row.pid, row.command]));
  return known.filter(({ pid, command }) => table.get(pid) === command);
}

/** Everybody's; the dead that nobody has reaped yet are left out. */
function readTable(): KnownProcess[] {
  const { stdout, error } = spawnSync("ps", ["-axwwo", "pid=,ppid=,state=,command="], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw error;
  return stdout.split("\n").flatMap((line) => {
    const [, pid, parentPid, state = "", command = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return pid && !state.startsWith("Z") ? [{ pid: Number(pid), parentPid: Number(parentPid), command }] : [];
  });
}

const noteSchema = z.object({ instanceId: z.string() });

async function instanceIdOf(folder: string): Promise<string> {
  return noteSchema.parse(JSON.parse(await readFile(join(folder, "e2b", "stand-in.json"), "utf8")))
    .instanceId;
}
