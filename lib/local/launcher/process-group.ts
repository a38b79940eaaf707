/**
 * Owns a child process of the launcher that has a group of its own: started with it, ended with everything that it
 * started in turn. Ctrl-C in the terminal reaches the launcher alone, which ends its children in order. It must never
 * leave a member of the group behind its own `stop`. A child that cannot start has ended, with code 1.
 */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

export interface ProcessGroup {
  /** Resolves with the exit code when it ends by itself or by `stop`. */
  readonly ended: Promise<number>;
  stop(): Promise<void>;
}

/** What a child gets to end its own children before it is ended by force. */
const PATIENCE_MS = 4_000;

export function startGroup(
  program: string,
  parameters: readonly string[],
  options: Pick<SpawnOptions, "env" | "cwd" | "stdio">,
): ProcessGroup {
  const child = spawn(program, parameters, { ...options, detached: true });
  const ended = new Promise<number>((resolve) => {
    // Without a code it was killed, by nobody of ours unless `stop` has been called, and then nobody asks.
    child.once("exit", (code) => resolve(code ?? 1));
    child.once("error", () => resolve(1));
  });
  return {
    ended,
    async stop() {
      signalGroup(child, "SIGTERM");
      const timer = setTimeout(() => signalGroup(child, "SIGKILL"), PATIENCE_MS);
      await ended;
      clearTimeout(timer);
      signalGroup(child, "SIGKILL");
    },
  };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // ESRCH: the group has ended already, which is what was wanted.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
