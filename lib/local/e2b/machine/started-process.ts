/**
 * Owns what a command is asked for and what its process can do, whether it has pipes or a terminal. Types, and how an
 * end is worded; the two kinds of process are files of their own.
 */

export interface CommandRequest {
  readonly program: string;
  readonly args: readonly string[];
  /** A folder of this machine. */
  readonly folder: string;
  /** The whole environment: nothing is added. */
  readonly environment: Readonly<Record<string, string>>;
  readonly takesInput: boolean;
  /** Undefined: pipes. */
  readonly terminal?: TerminalSize | undefined;
  /** Undefined: until it ends by itself. */
  readonly lifetimeMs: number | undefined;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface CommandEnd {
  /** -1 when a signal ended it. */
  readonly exitCode: number;
  readonly exited: boolean;
  /** As Go words it: `exit status 3`, `signal: killed`. */
  readonly status: string;
}

export type OutputName = "stdout" | "stderr" | "pty";

export type CommandInput =
  | { readonly kind: "stdin"; readonly bytes: Buffer }
  | { readonly kind: "pty"; readonly bytes: Buffer };

/** Its promise, when there is one, is waited for before more is told. */
export type TellOutput = (name: OutputName, bytes: Buffer) => Promise<void> | undefined;

export interface StartedProcess {
  readonly pid: number;
  /** Resolves when it and all that hold its output are gone; after a `signal`, when it is gone itself. */
  readonly ended: Promise<CommandEnd>;
  /** False when it is gone already. Only the process itself: as with E2B, what it started may go on. */
  signal(signal: "SIGKILL" | "SIGTERM"): boolean;
  /** Resolves when the bytes are handed over; rejects with `InputRefused`. */
  write(input: CommandInput): Promise<void>;
  /** Harmless when repeated, and when it never took input. Throws `InputRefused` for a terminal. */
  closeInput(): void;
  /** Throws `InputRefused` without a terminal. */
  resize(size: TerminalSize): void;
}

/** The sentences are envd's own (INFRA envd process/handler/handler.go). */
export class InputRefused extends Error {
  override readonly name = "InputRefused";
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

/** A signal by its name; null when it ended by itself. */
export function describeEnd(code: number | null, signal: string | null): CommandEnd {
  if (signal !== null) {
    const word = SIGNAL_WORDS[signal] ?? signal.toLowerCase();
    return { exitCode: -1, exited: false, status: `signal: ${word}` };
  }
  return { exitCode: code ?? -1, exited: true, status: `exit status ${code ?? -1}` };
}
