/**
 * Owns a virtual clock that waits for work: before time moves on, whoever registered with `settleWith` says that it
 * is done. One call through the Inngest SDK takes more turns of the event loop than `VirtualClock` allows for, so an
 * engine needs this. Work that itself waits for virtual time would block for ever; after `patienceTurns` turns of the
 * event loop the clock moves on. It must never be used where real processes or sockets are waited for. Cannot fail.
 */

import type { Cancel } from "@/lib/clock";
import { settledWithin } from "@/lib/local/inngest/patience";
import { VirtualClock } from "@/lib/local/virtual-clock";

interface Due {
  readonly at: number;
}

const DEFAULT_PATIENCE_TURNS = 150;

export class SettlingClock extends VirtualClock {
  private readonly due = new Set<Due>();
  private readonly settlers: (() => Promise<void>)[] = [];
  private readonly patienceTurns: number;

  constructor(startAt?: number, patienceTurns = DEFAULT_PATIENCE_TURNS) {
    super(startAt);
    this.patienceTurns = patienceTurns;
  }

  /** Time does not move before `settle` resolves, or patience ends. */
  settleWith(settle: () => Promise<void>): void {
    this.settlers.push(settle);
  }

  override after(delayMs: number, callback: () => void): Cancel {
    const due: Due = { at: this.now() + Math.max(0, delayMs) };
    this.due.add(due);
    const cancel = super.after(delayMs, () => {
      this.due.delete(due);
      callback();
    });
    return () => {
      this.due.delete(due);
      cancel();
    };
  }

  override async advance(durationMs: number): Promise<void> {
    const until = this.now() + durationMs;
    await this.settled();
    for (let next = this.nextAt(); next <= until; next = this.nextAt()) {
      await super.advance(Math.max(0, next - this.now()));
      await this.settled();
    }
    await super.advance(until - this.now());
  }

  private nextAt(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { at } of this.due) earliest = Math.min(earliest, at);
    return earliest;
  }

  private settled(): Promise<void> {
    return settledWithin(Promise.all(this.settlers.map((settle) => settle())), this.patienceTurns);
  }
}
