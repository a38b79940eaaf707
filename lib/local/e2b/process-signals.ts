/**
 * Owns stopping, continuing and killing all processes of one sandbox, and knowing that it has really happened. A
 * signal to a process group would miss what has left the group, so the table is read again until nothing new turns
 * up. It must never signal a process that is not the sandbox's. Fails closed: what cannot be stopped in time throws.
 */
import { setTimeout as realSleep } from "node:timers/promises";
import { type ProcessRow, processesOf, readProcessTable } from "@/lib/local/e2b/process-table";

/** Real time, not the injected clock's: a real process is waited for. */
const POLL_MS = 5;
const ATTEMPTS = 400;

/** Resolves when every process stands still; throws, having continued them again, when that takes too long. */
export async function stopAll(mark: string): Promise<void> {
  const stopped = await signalUntil(mark, "SIGSTOP", (row) => row.standsStill);
  if (stopped) return;
  await continueAll(mark);
  throw new Error("Some processes could not be stopped");
}

export async function continueAll(mark: string): Promise<void> {
  // Once is enough: nothing of the sandbox can start a process before it has been continued itself.
  for (const row of find(mark)) send(row.pid, "SIGCONT");
}

/** Resolves when none is left; throws when that takes too long. */
export async function killAll(mark: string): Promise<void> {
  // Frozen first: what a dying parent has just started, without the mark, could not be found once the parent is gone.
  // Whether that worked does not matter: the killing below says whether something is left.
  await signalUntil(mark, "SIGSTOP", (row) => row.standsStill);
  const killed = await signalUntil(mark, "SIGKILL", (row) => row.isDead);
  if (!killed) throw new Error("Some processes could not be killed");
}

/** The last resort when the stand-in's process ends: nothing can be waited for then. */
export function killAllAtOnce(mark: string): void {
  // What a process starts between the reading and its end shows in the next reading.
  for (let round = 0; round < 10; round += 1) {
    const rows = find(mark);
    if (rows.length === 0) return;
    for (const row of rows) send(row.pid, "SIGKILL");
  }
}

function find(mark: string): ProcessRow[] {
  return processesOf(readProcessTable(mark), process.pid);
}

async function signalUntil(
  mark: string,
  signal: NodeJS.Signals,
  isSettled: (row: ProcessRow) => boolean,
): Promise<boolean> {
  let settledReadings = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const unsettled = find(mark).filter((row) => !isSettled(row));
    settledReadings = unsettled.length === 0 ? settledReadings + 1 : 0;
    // Twice: a reading is not one instant, and what was started after its listing is only in the next.
    if (settledReadings === 2) return true;
    if (settledReadings === 1) continue;
    for (const row of unsettled) send(row.pid, signal);
    await realSleep(attempt === 0 ? 0 : POLL_MS);
  }
  return false;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone already, which is what the next reading shows; anything else is a real failure.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
