/**
 * Owns a process with a terminal (pty), by node-pty. It must never be needed for a command without one: its binary is
 * not there for every platform, and then starting rejects with `TerminalsUnavailable`.
 */
import { constants } from "node:os";
import type { IPty } from "@lydell/node-pty";
import {
  type CommandEnd,
  type CommandInput,
  type CommandRequest,
  describeEnd,
  InputRefused,
  type ProcessIdentity,
  type StartedProcess,
  sendSignal,
  type TellOutput,
  type TerminalSize,
} from "@/lib/local/e2b/machine/started-process";

declare module "@lydell/node-pty" {
  interface IPty {
    /** Its socket takes bytes as they are; its own types know only text. */
    write(data: Buffer): void;
  }
}

export class TerminalsUnavailable extends Error {
  override readonly name = "TerminalsUnavailable";
}

/** Bytes go through text and come out unchanged: the library's types know only text. */
const BYTES = "latin1";

type Library = typeof import("@lydell/node-pty");

/** Not a static import: there is no binary for every platform. */
let library: Library | undefined;

/** Resolves when a terminal can be started at once. Rejects with `TerminalsUnavailable`. */
export async function loadTerminals(): Promise<Library> {
  library ??= await load();
  return library;
}

/** Started before control comes back when `loadTerminals` has resolved; otherwise that comes first. */
export async function startTerminal(
  request: CommandRequest,
  size: TerminalSize,
  tell: TellOutput,
): Promise<StartedProcess> {
  const { spawn } = library ?? (await loadTerminals());
  const pty = spawn(request.program, [...request.args], {
    cwd: request.folder,
    env: { ...request.environment },
    cols: size.columns,
    rows: size.rows,
    encoding: BYTES,
  });
  return new Terminal(pty, tell);
}

async function load(): Promise<Library> {
  try {
    return await import("@lydell/node-pty");
  } catch (error) {
    const platform = `${process.platform}-${process.arch}`;
    throw new TerminalsUnavailable(`Terminals (pty) are not offered on ${platform}: ${String(error)}`);
  }
}

class Terminal implements StartedProcess {
  readonly ended: Promise<CommandEnd>;
  private isOver = false;
  private identity: ProcessIdentity;

  constructor(
    private readonly pty: IPty,
    tell: TellOutput,
  ) {
    this.identity = { hostPid: pty.pid, pid: pty.pid };
    pty.onData((text) => {
      const caughtUp = tell("pty", Buffer.from(text, BYTES));
      if (!caughtUp) return;
      pty.pause();
      caughtUp.then(() => pty.resume());
    });
    this.ended = new Promise((resolve) => {
      pty.onExit(({ exitCode, signal }) => {
        this.isOver = true;
        resolve(describeEnd(exitCode, nameOfSignal(signal)));
      });
    });
  }

  get pid(): number {
    return this.identity.pid;
  }

  isReally(identity: ProcessIdentity): void {
    this.identity = identity;
  }

  signal(signal: "SIGKILL" | "SIGTERM"): boolean {
    // Its pid may be another's by now.
    return !this.isOver && sendSignal(this.identity.hostPid, signal);
  }

  async write(input: CommandInput): Promise<void> {
    if (input.kind === "stdin") {
      throw new InputRefused("tty assigned to process — input should be written to the pty, not the stdin");
    }
    if (this.isOver) throw isGone(this.pid);
    this.pty.write(input.bytes);
  }

  closeInput(): void {
    throw new InputRefused("cannot close stdin for PTY process — send Ctrl+D (0x04) instead");
  }

  resize({ columns, rows }: TerminalSize): void {
    if (this.isOver) throw isGone(this.pid);
    this.pty.resize(columns, rows);
  }
}

function isGone(pid: number): InputRefused {
  return new InputRefused(`the terminal of process '${pid}' is closed`);
}

function nameOfSignal(number: number | undefined): string | null {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? null;
}
