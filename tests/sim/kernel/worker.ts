/**
 * Owns one process that serves requests: its clock, which is off by some minutes, and its death, after which nothing of it
 * ever happens again. It does one piece of work at a time, as a function of a serverless platform does, so whatever is
 * called through it belongs to that work. Cannot fail.
 */
import type { Cancel, Clock } from "@/lib/clock";

export type Ended<T> =
  | { readonly kind: "answered"; readonly value: T }
  | { readonly kind: "threw"; readonly error: unknown }
  /** Whoever waits for it sees a broken connection. */
  | { readonly kind: "died" };

export class Worker {
  isDead = false;
  isBusy = false;
  private dies: (() => void) | undefined;

  constructor(
    readonly name: string,
    private readonly world: Clock,
    readonly skewMs: number,
  ) {}

  /** As this process knows it; timers of a dead process never fire. */
  readonly clock: Clock = {
    now: () => this.world.now() + this.skewMs,
    after: (delayMs, callback): Cancel =>
      this.world.after(delayMs, () => {
        if (!this.isDead) callback();
      }),
  };

  /** Never settles for the work itself. */
  die(): Promise<never> {
    this.isDead = true;
    this.dies?.();
    return new Promise(() => undefined);
  }

  do<T>(work: () => Promise<T>): Promise<Ended<T>> {
    this.isBusy = true;
    return new Promise((resolve) => {
      const end = (ended: Ended<T>) => {
        this.isBusy = false;
        this.dies = undefined;
        resolve(ended);
      };
      this.dies = () => end({ kind: "died" });
      work().then(
        (value) => this.isDead || end({ kind: "answered", value }),
        (error: unknown) => this.isDead || end({ kind: "threw", error }),
      );
    });
  }
}
