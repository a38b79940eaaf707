/**
 * Owns one command that a client started in a sandbox: its process, its output to whoever listens, and its lifetime.
 * Nobody listening is no reason to end: its output is then read and dropped, as envd does; a listener who has fallen
 * behind makes it wait. It must never outlive its lifetime, which the client's `Connect-Timeout-Ms` sets even for
 * background commands (e2b.md §1.3, trap 1). A command that cannot be started rejects with `CommandRefused`.
 */
import type { Clock } from "@/lib/clock";
import type { Cut } from "@/lib/local/e2b/machine/cut";
import { startPiped } from "@/lib/local/e2b/machine/piped-process";
import type {
  CommandEnd,
  CommandInput,
  CommandRequest,
  OutputName,
  StartedProcess,
  TellOutput,
  TerminalSize,
} from "@/lib/local/e2b/machine/started-process";
import { loadTerminals, startTerminal, TerminalsUnavailable } from "@/lib/local/e2b/machine/terminal";

/** After `onEnd` or `onCut` nothing more is told. */
export interface CommandListener {
  /** A promise when it has fallen behind: the command's output waits for it. */
  onOutput(name: OutputName, bytes: Buffer): Promise<void> | undefined;
  onEnd(end: CommandEnd): void;
  /** The stream ends although the command may go on: the sandbox rests or is gone, or the lifetime is over. */
  onCut(why: Cut): void;
}

export class CommandRefused extends Error {
  override readonly name = "CommandRefused";
}

/**
 * Resolves when `startCommand` will start the process before it gives control back: so nothing, as a pause, can come
 * between a check and the start. Rejects with `TerminalsUnavailable` where there are none.
 */
export async function prepareToStart({ terminal }: Pick<CommandRequest, "terminal">): Promise<void> {
  if (terminal) await loadTerminals();
}

/** Resolves when the process runs. Rejects with `TerminalsUnavailable` where there are none. */
export async function startCommand(clock: Clock, request: CommandRequest): Promise<Command> {
  const listeners = new Listeners();
  const tell: TellOutput = (name, bytes) => listeners.tell(name, bytes);
  try {
    const { terminal } = request;
    const started = terminal ? await startTerminal(request, terminal, tell) : await startPiped(request, tell);
    const identity = await request.identify?.(started.pid);
    if (identity) started.isReally(identity);
    setImmediate(() => listeners.forgetEarly());
    return new Command(started, listeners, clock, request.lifetimeMs);
  } catch (error) {
    if (error instanceof TerminalsUnavailable) throw error;
    throw new CommandRefused(`error starting process '${request.program}': ${String(error)}`);
  }
}

export class Command {
  private lifetimeLeftMs: number | undefined;
  private lifetimeSince = 0;
  private cancelLifetime = (): void => undefined;
  private end: CommandEnd | undefined;
  private tellLifetimeOver = (): void => undefined;
  private readonly lifetimeOver = new Promise<void>((resolve) => {
    this.tellLifetimeOver = resolve;
  });

  constructor(
    private readonly started: StartedProcess,
    private readonly listeners: Listeners,
    private readonly clock: Clock,
    lifetimeMs: number | undefined,
  ) {
    this.lifetimeLeftMs = lifetimeMs;
    started.ended.then((end) => {
      this.cancelLifetime();
      this.end = end;
      for (const listener of this.listeners.takeAll()) listener.onEnd(end);
    });
    this.resumeLifetime();
  }

  get pid(): number {
    return this.started.pid;
  }

  /** Calls back when the command and all that hold its output are gone, or its lifetime is over. */
  whenOver(callback: () => void): void {
    Promise.race([this.started.ended, this.lifetimeOver]).then(callback);
  }

  /** Calls back when the process has ended, before anything of the process can be forgotten. */
  whenEnded(callback: (end: CommandEnd) => void): void {
    this.started.ended.then(callback);
  }

  /** The first to listen, at once after the start, also hears what was said and done meanwhile. */
  listen(listener: CommandListener): () => void {
    const stopListening = this.listeners.add(listener);
    if (this.end) {
      stopListening();
      listener.onEnd(this.end);
    }
    return stopListening;
  }

  /** Ends every open stream, and nothing else. */
  cutStreams(why: Cut): void {
    for (const listener of this.listeners.takeAll()) listener.onCut(why);
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
    return this.started.signal(signal);
  }

  /** Resolves when the bytes are handed over; rejects with `InputRefused`. */
  write(input: CommandInput): Promise<void> {
    return this.started.write(input);
  }

  /** Throws `InputRefused` for a terminal. */
  closeInput(): void {
    this.started.closeInput();
  }

  /** Throws `InputRefused` without a terminal. */
  resize(size: TerminalSize): void {
    this.started.resize(size);
  }

  private endLifetime(): void {
    this.started.signal("SIGKILL");
    this.cutStreams("deadline_exceeded");
    this.tellLifetimeOver();
  }
}

class Listeners {
  private readonly listeners = new Set<CommandListener>();
  /** What came before anybody could listen; undefined once that time is over. */
  private early: { readonly name: OutputName; readonly bytes: Buffer }[] | undefined = [];

  forgetEarly(): void {
    this.early = undefined;
  }

  add(listener: CommandListener): () => void {
    this.listeners.add(listener);
    for (const { name, bytes } of this.early ?? []) void listener.onOutput(name, bytes);
    this.forgetEarly();
    return () => {
      this.listeners.delete(listener);
    };
  }

  tell(name: OutputName, bytes: Buffer): Promise<void> | undefined {
    this.early?.push({ name, bytes });
    const behind = [...this.listeners].flatMap((listener) => listener.onOutput(name, bytes) ?? []);
    return behind.length === 0 ? undefined : Promise.all(behind).then(() => undefined);
  }

  takeAll(): CommandListener[] {
    const taken = [...this.listeners];
    this.listeners.clear();
    return taken;
  }
}
