/**
 * Owns how the commands of a sandbox ended, for 30 s: who comes back a little late to follow one still learns its exit
 * code, though none of its output (INFRA envd process/service.go, envd 0.6.13). It must never tell of a command whose
 * pid or tag another has taken. Holds no timers: what is too old is forgotten at the next look.
 */
import type { Clock } from "@/lib/clock";
import type { CommandEnd } from "@/lib/local/e2b/machine/started-process";

export type Selector = { readonly pid: number } | { readonly tag: string };

interface EndedCommand {
  readonly pid: number;
  readonly tag: string | undefined;
  readonly end: CommandEnd;
  readonly forgottenAt: number;
}

const KEPT_MS = 30_000;

export class EndedCommands {
  private readonly byPid = new Map<number, EndedCommand>();

  constructor(private readonly clock: Clock) {}

  keep(pid: number, tag: string | undefined, end: CommandEnd): void {
    this.forgetOld();
    this.byPid.set(pid, { pid, tag, end, forgottenAt: this.clock.now() + KEPT_MS });
  }

  /** A new command has taken the pid, and perhaps the tag. */
  replace(pid: number, tag: string | undefined): void {
    this.byPid.delete(pid);
    for (const ended of this.byPid.values()) {
      if (tag !== undefined && ended.tag === tag) this.byPid.delete(ended.pid);
    }
  }

  find(selector: Selector): { readonly pid: number; readonly end: CommandEnd } | undefined {
    this.forgetOld();
    if ("pid" in selector) return this.byPid.get(selector.pid);
    return [...this.byPid.values()].find(({ tag }) => tag === selector.tag);
  }

  clear(): void {
    this.byPid.clear();
  }

  private forgetOld(): void {
    const now = this.clock.now();
    for (const { pid, forgottenAt } of this.byPid.values()) if (forgottenAt <= now) this.byPid.delete(pid);
  }
}
