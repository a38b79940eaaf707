/**
 * Owns reading which real port stands for a sandbox's own port, as the listen preload wrote it down. It must never
 * name a port that another process may have taken over: what was written by a process that is gone does not count.
 * Undefined when nothing listens there.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Machine } from "@/lib/local/e2b/processes";
import { portsFolder } from "@/lib/local/e2b/sandbox-environment";

const entryShape = z.object({ pid: z.int(), port: z.int().nullable() });

export function realPortOf(machine: Machine, port: number): number | undefined {
  let text: string;
  try {
    text = readFileSync(join(portsFolder(machine.root), String(port)), "utf8");
  } catch {
    // Nothing was ever written down for this port: it is closed.
    return undefined;
  }
  const entry = entryShape.safeParse(parse(text));
  if (!entry.success || entry.data.port === null) return undefined;
  return isOfSandbox(entry.data.pid, machine.mark) ? entry.data.port : undefined;
}

/** On Linux by the mark; elsewhere only that the process lives, as reading its environment would start a program. */
function isOfSandbox(pid: number, mark: string): boolean {
  try {
    if (process.platform === "linux") {
      return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(mark);
    }
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // It is being written this moment: the port opens with the next look.
    return undefined;
  }
}
