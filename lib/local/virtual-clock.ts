/**
 * Owns a clock that moves only when told: `advance` runs every callback that falls due, in order of time, and lets
 * the work that each one started settle before the next. For tests and simulations; it must never be used where a
 * real process or socket is waited for. Cannot fail.
 */
import type { Cancel, Clock } from "@/lib/clock";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

export class VirtualClock implements Clock {
  private time: number;
  private order = 0;
  private readonly timers = new Set<Timer>();

  constructor(startAt = Date.UTC(2026, 0, 1)) {
    this.time = startAt;
  }

  now(): number {
    return this.time;
  }

  after(delayMs: number, callback: () => void): Cancel {
    const timer: Timer = { at: this.time + Math.max(0, delayMs), order: this.order++, callback };
    this.timers.add(timer);
    return () => {
      this.timers.delete(timer);
    };
  }

  /** Moves time forward by `durationMs`, running what falls due on the way, each after the one before settled. */
  async advance(durationMs: number): Promise<void> {
    const until = this.time + durationMs;
    await settle();
    for (let next = this.nextDue(until); next; next = this.nextDue(until)) {
      this.time = Math.max(this.time, next.at);
      this.timers.delete(next);
      next.callback();
      await settle();
    }
    this.time = until;
    await settle();
  }

  /** How many callbacks still wait. */
  get pending(): number {
    return this.timers.size;
  }

  private nextDue(until: number): Timer | undefined {
    let found: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.at > until) continue;
      if (!found || timer.at < found.at || (timer.at === found.at && timer.order < found.order))
        found = timer;
    }
    return found;
  }
}

/** A macrotask boundary: a microtask is not enough for promises that chain through several awaits and streams. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve));
  });
}
