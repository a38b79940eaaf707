/**
 * Owns a process with pipes: its own session, its output read as fast as it is taken, its input. It must never be
 * ended because somebody who held its pipes went away. A program that cannot be started rejects with the reason.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import {
  type CommandEnd,
  type CommandInput,
  type CommandRequest,
  describeEnd,
  InputRefused,
  type StartedProcess,
  type TellOutput,
} from "@/lib/local/e2b/machine/started-process";

/** Resolves when the process runs. */
export async function startPiped(request: CommandRequest, tell: TellOutput): Promise<StartedProcess> {
  const child = spawn(request.program, request.args, {
    cwd: request.folder,
    env: environmentOf(request),
    // A session of its own: Ctrl-C in the developer's terminal must not reach it, and it can be found by it.
    detached: true,
    stdio: [request.takesInput ? "pipe" : "ignore", "pipe", "pipe"],
  });
  await once(child, "spawn");
  if (child.pid === undefined) throw new Error("the process has no id");
  return new PipedProcess(child, child.pid, tell);
}

/** Next.js's types want NODE_ENV in every environment; a sandbox's must not have one that nobody asked for. */
function environmentOf({ environment }: CommandRequest): NodeJS.ProcessEnv {
  return Object.assign(Object.create(null), environment);
}

class PipedProcess implements StartedProcess {
  readonly ended: Promise<CommandEnd>;
  private endsWithItself = false;

  constructor(
    private readonly child: ChildProcess,
    readonly pid: number,
    tell: TellOutput,
  ) {
    for (const name of ["stdout", "stderr"] as const) {
      const output = child[name];
      output?.on("data", (bytes: Buffer) => holdBack(output, tell(name, bytes)));
    }
    // A reader that closed its end is seen by the next write; the bytes are lost, as on any pipe.
    child.stdin?.on("error", () => child.stdin?.destroy());
    // Only a signal that is not permitted comes this way, and `signal` has said so by its result.
    child.on("error", () => undefined);
    child.once("exit", () => {
      if (this.endsWithItself) this.dropOutput();
    });
    // "close", not "exit": as in envd, whoever holds the output pipes keeps the command in the list.
    this.ended = new Promise((resolve) => {
      child.once("close", (code, signal) => resolve(describeEnd(code, signal)));
    });
  }

  /** After it, as in envd, whoever holds the pipes keeps nothing: the command ends with its own process. */
  signal(signal: "SIGKILL" | "SIGTERM"): boolean {
    this.endsWithItself = true;
    if (this.child.exitCode === null && this.child.signalCode === null) return this.child.kill(signal);
    this.dropOutput();
    return true;
  }

  write(input: CommandInput): Promise<void> {
    const { stdin } = this.child;
    if (input.kind === "pty") {
      return refuse("tty not assigned to process — input should be written to the stdin, not the tty");
    }
    if (!stdin?.writable) return refuse("stdin not enabled or closed");
    return new Promise((resolve, reject) => {
      stdin.write(input.bytes, (error) => {
        if (error)
          reject(new InputRefused(`error writing to stdin of process '${this.pid}': ${error.message}`));
        else resolve();
      });
    });
  }

  closeInput(): void {
    this.child.stdin?.end();
  }

  resize(): void {
    throw new InputRefused("tty not assigned to process");
  }

  private dropOutput(): void {
    // What it wrote before its end is in the pipes, and is read in this turn of the loop.
    setImmediate(() => {
      this.child.stdout?.destroy();
      this.child.stderr?.destroy();
    });
  }
}

/** A full pipe makes its writer wait: so a slow reader slows the command down, as with envd. */
function holdBack(output: Readable, caughtUp: Promise<void> | undefined): void {
  if (!caughtUp) return;
  output.pause();
  caughtUp.then(() => output.resume());
}

async function refuse(why: string): Promise<never> {
  throw new InputRefused(why);
}
