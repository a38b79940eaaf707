/**
 * Owns the idea of time inside this process: reading it and being called back later. Everything that waits or
 * stamps takes a `Clock`, so that tests and the local cloud can run months in seconds.
 * It must never decide the lifecycle of a preview: those decisions use only the `now` that Redis returned, because
 * the clocks of two workers differ by minutes. Cannot fail.
 */

/** Takes back what `after` arranged; harmless when it already ran or was cancelled. */
export type Cancel = () => void;

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `callback` once, `delayMs` from now; a negative delay counts as zero. */
  after(delayMs: number, callback: () => void): Cancel;
}

/** Node's `setTimeout` fires at once for a delay above 2^31 − 1 ms, so longer delays are walked in legs. */
const LONGEST_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    let timer: NodeJS.Timeout;
    const dueAt = Date.now() + Math.max(0, delayMs);
    const arm = () => {
      const leftMs = Math.max(0, dueAt - Date.now());
      timer = setTimeout(leftMs > LONGEST_TIMER_MS ? arm : callback, Math.min(leftMs, LONGEST_TIMER_MS));
    };
    arm();
    return () => clearTimeout(timer);
  },
};

/** Resolves after `delayMs` of the given clock's time. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}

/** What `work` answers, or a rejection once `deadlineMs` have passed; the work itself goes on unheard. */
export async function within<T>(clock: Clock, deadlineMs: number, work: () => Promise<T>): Promise<T> {
  let cancel: Cancel = () => undefined;
  const tooLate = new Promise<never>((_, reject) => {
    cancel = clock.after(deadlineMs, () => reject(new Error(`no answer within ${deadlineMs} ms`)));
  });
  try {
    return await Promise.race([work(), tooLate]);
  } finally {
    cancel();
  }
}
