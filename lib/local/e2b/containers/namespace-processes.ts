/**
 * Owns killing all processes of a sandbox's namespaces but the first, which keeps them: one signal to all, sent from
 * inside, which the kernel delivers between two forks. It must never be used on another file system than the
 * sandbox's. Fails closed: what is not gone in time throws.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { setTimeout as realSleep } from "node:timers/promises";

export interface NamespaceProcesses {
  /** What starts a program as root among them; more flags may follow. */
  readonly entering: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The folder of this machine under which their file system lies. */
  readonly root: string;
}

/** Real time: real processes are waited for, most often less than a millisecond. */
const POLLS_MS = [0, 0, 1, 1, 2, 5, 10, 20, 50, 100, 200, 400, 800];

export async function killNamespace(processes: NamespaceProcesses): Promise<void> {
  const before = pidsIn(processes.root);
  await signalAll(processes);
  for (const pollMs of POLLS_MS) {
    const left = new Set(pidsIn(processes.root));
    if (!before.some((pid) => left.has(pid))) return;
    await realSleep(pollMs);
  }
  throw new Error("Some processes could not be killed");
}

/** By a shell, whose own word `kill` is: `-1` means all but itself and the first one. */
async function signalAll({ entering, environment }: NamespaceProcesses): Promise<void> {
  const [program = "", ...args] = [...entering, "--", "/bin/sh", "-c", "kill -KILL -1"];
  const child = spawn(program, args, {
    env: Object.assign(Object.create(null), environment),
    stdio: ["ignore", "ignore", "pipe"],
  });
  let complaint = "";
  child.stderr.on("data", (bytes: Buffer) => {
    complaint += String(bytes);
  });
  const [code] = await once(child, "close");
  // There is always one to signal: the first process has a child of its own that waits.
  if (code !== 0) throw new Error(`A signal to a sandbox failed (${code}): ${complaint.trim()}`);
}

/** As they are called inside, without the first. */
function pidsIn(root: string): number[] {
  return readdirSync(`${root}/proc`)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== 1);
}
