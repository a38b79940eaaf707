/**
 * Owns one command that a client started in a sandbox: a real process in a session of its own, its output to whoever
 * listens, its input and its lifetime. Nobody listening is no reason to end: its output is then read and dropped, as
 * envd does. It must never outlive its lifetime, which the client's `Connect-Timeout-Ms` sets even for background
 * commands (e2b.md §1.3, trap 1). A command that cannot be started rejects with `CommandRefused`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Clock } from "@/lib/clock";

export interface CommandRequest {
  readonly program: string;
  readonly args: readonly string[];
  /** A folder of this machine. */
  readonly folder: string;
  /** The whole environment: nothing is added. */
  readonly environment: Readonly<Record<string, string>>;
  readonly takesInput: boolean;
  /** Undefined: until it ends by itself. */
  readonly lifetimeMs: number | undefined;
}

export interface CommandEnd {
  /** -1 when a signal ended it. */
  readonly exitCode: number;
  readonly exited: boolean;
  /** As Go words it: `exit status 3`, `signal: killed`. */
  readonly status: string;
}

/** After `onEnd` or `onCut` nothing more is told. */
export interface CommandListener {
  onOutput(stream: "stdout" | "stderr", bytes: Buffer): void;
  onEnd(end: CommandEnd): void;
  /** The stream ends although the command may go on: the sandbox rests or is gone, or the lifetime is over. */
  onCut(why: "unavailable" | "deadline_exceeded"): void;
}

export class CommandRefused extends Error {
  override readonly name = "CommandRefused";
}

/** Resolves when the process runs. */
export async function startCommand(clock: Clock, request: CommandRequest): Promise<Command> {
  try {
    const child = spawn(request.program, request.args, {
      cwd: request.folder,
      env: environmentOf(request),
      // A session of its own: Ctrl-C in the developer's terminal must not reach it, and it can be found by it.
      detached: true,
      stdio: [request.takesInput ? "pipe" : "ignore", "pipe", "pipe"],
    });
    await once(child, "spawn");
    if (child.pid === undefined) throw new Error("the process has no id");
    return new Command(child, child.pid, clock, request.lifetimeMs);
  } catch (error) {
    throw new CommandRefused(`error starting process '${request.program}': ${String(error)}`);
  }
}

/** Next.js's types want NODE_ENV in every environment; a sandbox's must not have one that nobody asked for. */
function environmentOf({ environment }: CommandRequest): NodeJS.ProcessEnv {
  return Object.assign(Object.create(null), environment);
}

export class Command {
  private readonly listeners = new Set<CommandListener>();
  private readonly ended: Promise<CommandEnd>;
  private lifetimeLeftMs: number | undefined;
  private lifetimeSince = 0;
  private cancelLifetime = (): void => undefined;
  private onLifetimeOver = (): void => undefined;

  constructor(
    private readonly child: ChildProcess,
    readonly pid: number,
    private readonly clock: Clock,
    lifetimeMs: number | undefined,
  ) {
    this.lifetimeLeftMs = lifetimeMs;
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream]?.on("data", (bytes: Buffer) => {
        for (const listener of this.listeners) listener.onOutput(stream, bytes);
      });
    }
    // A reader that closed its end is seen by `writable` at the next write; the bytes are lost, as on any pipe.
    child.stdin?.on("error", () => child.stdin?.destroy());
    // Only a signal that is not permitted comes this way, and `signal` has said so by its result.
    child.on("error", () => undefined);
    // "close", not "exit": as in envd, whoever holds the output pipes keeps the command in the list.
    this.ended = new Promise((resolve) => {
      child.once("close", (code, signal) => resolve(describeEnd(code, signal)));
    });
    this.ended.then((end) => {
      this.cancelLifetime();
      for (const listener of this.takeListeners()) listener.onEnd(end);
    });
    this.resumeLifetime();
  }

  /** Calls back when the command and all that hold its output are gone, or its lifetime is over. */
  whenOver(callback: () => void): void {
    this.ended.then(callback);
    this.onLifetimeOver = callback;
  }

  listen(listener: CommandListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** Ends every open stream, and nothing else. */
  cutStreams(why: "unavailable" | "deadline_exceeded"): void {
    for (const listener of this.takeListeners()) listener.onCut(why);
  }

  /** In a machine that stands still no time passes. */
  suspendLifetime(): void {
    if (this.lifetimeLeftMs === undefined) return;
    this.cancelLifetime();
    this.lifetimeLeftMs -= this.clock.now() - this.lifetimeSince;
  }

  resumeLifetime(): void {
    if (this.lifetimeLeftMs === undefined) return;
    this.lifetimeSince = this.clock.now();
    this.cancelLifetime = this.clock.after(this.lifetimeLeftMs, () => this.endLifetime());
  }

  /** False when it is gone already. Only the process itself: as with E2B, what it started may go on. */
  signal(signal: "SIGKILL" | "SIGTERM"): boolean {
    return this.child.kill(signal);
  }

  /** False when the command was started without input or has closed it. */
  write(bytes: Buffer): boolean {
    const { stdin } = this.child;
    if (!stdin?.writable) return false;
    stdin.write(bytes);
    return true;
  }

  closeInput(): boolean {
    const { stdin } = this.child;
    if (!stdin?.writable) return false;
    stdin.end();
    return true;
  }

  private endLifetime(): void {
    this.child.kill("SIGKILL");
    this.cutStreams("deadline_exceeded");
    this.onLifetimeOver();
  }

  private takeListeners(): CommandListener[] {
    const taken = [...this.listeners];
    this.listeners.clear();
    return taken;
  }
}

const SIGNAL_WORDS: Readonly<Record<string, string>> = {
  SIGHUP: "hangup",
  SIGINT: "interrupt",
  SIGQUIT: "quit",
  SIGABRT: "aborted",
  SIGKILL: "killed",
  SIGSEGV: "segmentation fault",
  SIGPIPE: "broken pipe",
  SIGTERM: "terminated",
};

function describeEnd(code: number | null, signal: NodeJS.Signals | null): CommandEnd {
  if (signal !== null) {
    const word = SIGNAL_WORDS[signal] ?? signal.toLowerCase();
    return { exitCode: -1, exited: false, status: `signal: ${word}` };
  }
  return { exitCode: code ?? -1, exited: true, status: `exit status ${code ?? -1}` };
}
