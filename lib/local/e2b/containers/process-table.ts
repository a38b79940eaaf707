/**
 * Owns the view of the machine's processes that a sandbox needs: which of them belong to it. Every process of a
 * sandbox carries a mark in its environment, inherited by all it starts; what cleared its environment is found as a
 * descendant or by the session of one that is known. It must never name a process by pid alone: pids are reused.
 * Fails closed: a table that cannot be read throws. A process that clears its environment, leaves its session AND
 * loses its parent escapes; only a namespace would hold it.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { constants } from "node:os";

export interface ProcessRow {
  readonly pid: number;
  readonly parentPid: number;
  /** Equal for all that descend from one detached start, unless they left it: session on Linux, group elsewhere. */
  readonly sessionId: number;
  /** Neither running nor able to run: stopped, about to stop before it can run, or dead but not yet reaped. */
  readonly standsStill: boolean;
  readonly isDead: boolean;
  /** Whether the environment carries the mark that was asked for. */
  readonly isMarked: boolean;
  /** Of its network namespace; undefined where it cannot be told, as for another user's process. */
  readonly networkId?: string | undefined;
}

/** One process as it is now, whether it is marked not looked at; undefined when it is gone. */
export function readProcess(pid: number): ProcessRow | undefined {
  if (process.platform === "linux") return readProcEntry(pid, undefined)[0];
  return readPs("").find((row) => row.pid === pid);
}

/** Of all its threads. Linux only; none when it is gone. */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
  } catch {
    // Gone this moment, as a process or one of its threads: the next reading has what it left.
    return [];
  }
}

/** The living processes below these, whatever namespaces they have made for themselves. Linux only. */
export function descendantsOf(roots: Iterable<number>): ProcessRow[] {
  const found = new Map<number, ProcessRow>();
  const ahead = [...roots].flatMap(childrenOf);
  for (let pid = ahead.pop(); pid !== undefined; pid = ahead.pop()) {
    const row = found.has(pid) ? undefined : readProcess(pid);
    if (!row || row.isDead) continue;
    found.set(pid, row);
    ahead.push(...childrenOf(pid));
  }
  return [...found.values()];
}

/** What a process is called in its own namespace of processes; undefined when it is gone. */
export function ownPidOf(pid: number): number | undefined {
  try {
    const line = /^NSpid:(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(line?.trim().split(/\s+/).at(-1)) || undefined;
  } catch {
    // Gone this moment.
    return undefined;
  }
}

/** The living processes that carry `mark` and all that belongs to them. */
export function markedProcesses(mark: string): ProcessRow[] {
  return processesOf(readProcessTable(mark), process.pid);
}

/** Undefined for a process that is gone or another user's, and where there are no namespaces. */
export function networkOf(pid: number | "self"): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    // It ended this moment, or may not be looked at: not one of ours.
    return undefined;
  }
}

/** Reads all processes at once; `mark` is `NAME=value` as it stands in the environment. */
export function readProcessTable(mark: string): ProcessRow[] {
  return process.platform === "linux" ? readProc(mark) : readPs(mark);
}

/**
 * The marked ones, their descendants, and whoever shares a session with one of them, or a network that is not this
 * process's own; the dead left out.
 */
export function processesOf(table: readonly ProcessRow[], ownPid: number): ProcessRow[] {
  const ownNetwork = table.find((row) => row.pid === ownPid)?.networkId;
  const members = new Map(table.filter((row) => row.isMarked).map((row) => [row.pid, row]));
  for (let grew = true; grew; ) {
    grew = false;
    const sessions = new Set([...members.values()].map((row) => row.sessionId));
    const networks = new Set([...members.values()].map((row) => row.networkId));
    for (const shared of [undefined, ownNetwork]) networks.delete(shared);
    for (const row of table) {
      if (members.has(row.pid) || row.pid === ownPid || row.pid <= 1) continue;
      // A session counts only when a member leads it: a sandbox must never claim the terminal it was started from.
      const sharesSession = sessions.has(row.sessionId) && members.has(row.sessionId);
      if (!members.has(row.parentPid) && !sharesSession && !networks.has(row.networkId)) continue;
      members.set(row.pid, row);
      grew = true;
    }
  }
  return [...members.values()].filter((row) => !row.isDead);
}

function readProc(mark: string): ProcessRow[] {
  return processIds().flatMap((pid) => readProcEntry(pid, mark));
}

function processIds(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Without a mark to look for, its environment is not read. */
function readProcEntry(pid: number, mark: string | undefined): ProcessRow[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const row = parseProcStat(stat);
    if (!row) return [];
    const standsStill =
      row.standsStill || (waitsInKernel(stat) && isAboutToStop(readFileSync(`/proc/${pid}/status`, "utf8")));
    const isMarked = mark !== undefined && carriesMark(pid, mark);
    return [{ ...row, standsStill, networkId: networkOf(pid), isMarked }];
  } catch {
    // It ended between the listing and the read: then it belongs to nobody.
    return [];
  }
}

/** `/proc/<pid>/stat`; the command name in brackets may itself hold spaces and brackets. */
export function parseProcStat(text: string): Omit<ProcessRow, "isMarked"> | undefined {
  const pid = Number.parseInt(text, 10);
  const [state, parentPid, , sessionId] = fieldsAfterName(text);
  if (!state || Number.isNaN(pid)) return undefined;
  return {
    pid,
    parentPid: Number(parentPid),
    sessionId: Number(sessionId),
    standsStill: /[TtZXx]/.test(state),
    isDead: /[ZXx]/.test(state),
  };
}

/** From the state on. */
function fieldsAfterName(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function waitsInKernel(stat: string): boolean {
  return fieldsAfterName(stat)[0] === "D";
}

const STOP_BIT = 1n << BigInt(constants.signals.SIGSTOP - 1);

/**
 * Of `/proc/<pid>/status`: whether it waits in the kernel and stops before it comes back. So waits a parent whose vfork
 * child was stopped before it became a program of its own: the parent would show no stop until the child goes on.
 */
export function isAboutToStop(status: string): boolean {
  const pending = /^ShdPnd:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (pending === undefined || !/^State:\s*D/m.test(status)) return false;
  return (BigInt(`0x${pending}`) & STOP_BIT) !== 0n;
}

function carriesMark(pid: number, mark: string): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, "latin1")}\0`.includes(`\0${mark}\0`);
  } catch {
    // Another user's process, or one that just ended: not ours by mark; descent and session still count.
    return false;
  }
}

function readPs(mark: string): ProcessRow[] {
  // macOS: -E appends the environment of the caller's own processes to the command.
  const columns = "pid=,ppid=,pgid=,state=,command=";
  const found = spawnSync("ps", ["-axwwE", "-o", columns], {
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  if (found.error) throw found.error;
  return parsePs(found.stdout, mark);
}

export function parsePs(text: string, mark: string): ProcessRow[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s?(.*)$/.exec(line);
    if (!match) return [];
    const [, pid, parentPid, groupId, state = "", command = ""] = match;
    return [
      {
        pid: Number(pid),
        parentPid: Number(parentPid),
        sessionId: Number(groupId),
        standsStill: /^[TZ]/.test(state),
        isDead: state.startsWith("Z"),
        isMarked: ` ${command} `.includes(` ${mark} `),
      },
    ];
  });
}
