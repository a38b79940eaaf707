/**
 * Owns the one virtual clock of a simulation: callbacks in order of time, one after the other, each with everything that
 * it started run to a standstill before the next. Nothing else moves time, so a seed always gives the same history. It
 * must never be used where a thread or socket is waited for. Cannot fail.
 */
import TinyQueue from "tinyqueue";
import type { Cancel, Clock } from "@/lib/clock";

interface Timer {
  readonly at: number;
  readonly order: number;
  callback: (() => void) | undefined;
}

/** Of two at the same time the one that was arranged first. */
const earlier = (left: Timer, right: Timer): number => left.at - right.at || left.order - right.order;

export class SimClock implements Clock {
  private readonly timers = new TinyQueue<Timer>([], earlier);
  private order = 0;
  private time: number;

  /** `settle` resolves when nothing can happen any more at this moment. */
  constructor(
    startAt: number,
    private readonly settle: () => Promise<void>,
  ) {
    this.time = startAt;
  }

  now(): number {
    return this.time;
  }

  /** In whole milliseconds, as every clock of the product. */
  after(delayMs: number, callback: () => void): Cancel {
    const timer: Timer = { at: this.time + Math.max(0, Math.round(delayMs)), order: this.order++, callback };
    this.timers.push(timer);
    return () => {
      timer.callback = undefined;
    };
  }

  /** Moves to that time, past all that falls due on the way, unless it is stopped; `look` is done after each. */
  async runUntil(until: number, look: () => Promise<void>, isStopped: () => boolean): Promise<void> {
    await this.settle();
    for (let next = this.timers.peek(); next && next.at <= until; next = this.timers.peek()) {
      this.timers.pop();
      if (!next.callback) continue;
      this.time = Math.max(this.time, next.at);
      next.callback();
      await this.settle();
      await look();
      if (isStopped()) return;
    }
    this.time = Math.max(this.time, until);
  }
}

/** Enough where all work is promises: every one of them has run before an immediate does. */
export function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
