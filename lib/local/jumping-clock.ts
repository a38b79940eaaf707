/**
 * Owns a clock that goes as another one does and can also jump: what falls due on the way is run in order of time, each
 * at its own moment, so a jump of 55 minutes looks to timers like 55 minutes that passed. Real work that they start
 * takes real time and may end after the jump. It must never go back. A callback that throws ends the jump where it is.
 */
import type { Cancel, Clock } from "@/lib/clock";
import { settle } from "@/lib/local/virtual-clock";

interface Waiting {
  readonly dueAt: number;
  readonly callback: () => void;
  disarm: Cancel;
}

export class JumpingClock implements Clock {
  /** How far it is ahead of the clock below. */
  private leadMs = 0;
  /** In the order of asking, which is the order of those due at the same moment. */
  private readonly waiting = new Set<Waiting>();
  private lastJump: Promise<void> = Promise.resolve();

  constructor(private readonly clock: Clock) {}

  now(): number {
    return this.clock.now() + this.leadMs;
  }

  after(delayMs: number, callback: () => void): Cancel {
    const dueAt = this.now() + Math.max(0, delayMs);
    const waiting: Waiting = { dueAt, callback, disarm: () => undefined };
    this.waiting.add(waiting);
    this.arm(waiting);
    return () => this.forget(waiting);
  }

  /** Resolves when all that fell due has been called. Jumps wait for each other; a negative one is none. */
  jump(durationMs: number): Promise<void> {
    const jump = this.lastJump.then(() => this.pass(durationMs));
    // Whoever asked for a jump that failed is told; the next one starts from where that one ended.
    this.lastJump = jump.catch(() => undefined);
    return jump;
  }

  private async pass(durationMs: number): Promise<void> {
    const until = this.now() + durationMs;
    try {
      for (let next = this.nextDue(until); next; next = this.nextDue(until)) {
        this.moveTo(next.dueAt);
        this.forget(next);
        next.callback();
        await settle();
      }
      this.moveTo(until);
    } finally {
      for (const waiting of this.waiting) this.arm(waiting);
    }
  }

  private moveTo(moment: number): void {
    this.leadMs += Math.max(0, moment - this.now());
  }

  private nextDue(until: number): Waiting | undefined {
    let found: Waiting | undefined;
    for (const waiting of this.waiting) {
      if (waiting.dueAt <= until && (!found || waiting.dueAt < found.dueAt)) found = waiting;
    }
    return found;
  }

  private arm(waiting: Waiting): void {
    waiting.disarm();
    waiting.disarm = this.clock.after(waiting.dueAt - this.now(), () => {
      this.waiting.delete(waiting);
      waiting.callback();
    });
  }

  private forget(waiting: Waiting): void {
    waiting.disarm();
    this.waiting.delete(waiting);
  }
}
