/**
 * Owns stopping, continuing and killing all processes of one sandbox, and knowing that it has really happened. A
 * signal to a process group would miss what has left the group, so the table is read again until nothing new turns
 * up. It must never signal a process that is not the sandbox's. Fails closed: what cannot be stopped in time throws.
 */
import { setTimeout as realSleep } from "node:timers/promises";
import { type ProcessRow, readProcess } from "@/lib/local/e2b/containers/process-table";

/** The living processes that are meant, read afresh at each call. */
export type FindProcesses = () => ProcessRow[];

/** Real time, not the injected clock's: a real process is waited for, most often less than a millisecond. */
const POLLS_MS = [0, 0, 1, 1, 2, 5, 5];
const ATTEMPTS = 200;

/** Resolves when every process stands still; throws, having continued them again, when that takes too long. */
export async function stopAll(find: FindProcesses): Promise<void> {
  const stopped = await signalUntil(find, "SIGSTOP", (row) => row.standsStill);
  if (stopped) return;
  await continueAll(find);
  throw new Error("Some processes could not be stopped");
}

export async function continueAll(find: FindProcesses): Promise<void> {
  // Once is enough: nothing of the sandbox can start a process before it has been continued itself.
  for (const row of find()) send(row.pid, "SIGCONT");
}

/** Resolves when none is left; throws when that takes too long. */
export async function killAll(find: FindProcesses): Promise<void> {
  const killed = await signalUntil(find, "SIGKILL", (row) => row.isDead);
  if (!killed) throw new Error("Some processes could not be killed");
}

/**
 * The same for processes that are found by what they inherited: frozen first, because what a dying parent has just
 * started without the mark could not be found once the parent is gone. Whether that worked does not matter: the
 * killing says whether something is left.
 */
export async function freezeAndKillAll(find: FindProcesses): Promise<void> {
  await signalUntil(find, "SIGSTOP", (row) => row.standsStill);
  await killAll(find);
}

/** The last resort when the stand-in's process ends: nothing can be waited for then. */
export function killAllAtOnce(find: FindProcesses): void {
  // What a process starts between the reading and its end shows in the next reading.
  for (let round = 0; round < 10; round += 1) {
    const rows = find();
    if (rows.length === 0) return;
    for (const row of rows) send(row.pid, "SIGKILL");
  }
}

async function signalUntil(
  find: FindProcesses,
  signal: NodeJS.Signals,
  isSettled: (row: ProcessRow) => boolean,
): Promise<boolean> {
  let wasSettled = false;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const unsettled = find().filter((row) => !isSettled(row));
    // A reading is not one instant: what was started during it is only in the next. So the one that counts is the one
    // that began after all that were known had settled.
    if (unsettled.length === 0 && wasSettled) return true;
    for (const row of unsettled) send(row.pid, signal);
    wasSettled = await haveSettled(unsettled, isSettled);
  }
  return false;
}

/** False when that takes long: then the whole table is read again. */
async function haveSettled(
  rows: readonly ProcessRow[],
  isSettled: (row: ProcessRow) => boolean,
): Promise<boolean> {
  for (const pollMs of POLLS_MS) {
    const unsettled = rows.some((row) => {
      const now = readProcess(row.pid);
      return now !== undefined && !isSettled(now);
    });
    if (!unsettled) return true;
    await realSleep(pollMs);
  }
  return false;
}

/** A process may end between the look at it and the signal. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone already, which is what the next reading shows; anything else is a real failure.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
