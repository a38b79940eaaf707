/**
 * Owns everything that the engine will do later: sleeps, retries, windows, timeouts, cron ticks. It must never leave
 * a timer behind after `stop`, or a test and a Ctrl-C would hang. Cannot fail.
 */
import type { Cancel, Clock } from "@/lib/clock";

export interface Agenda {
  now(): number;
  /** Calls `job` once, unless cancelled or stopped before. */
  after(delayMs: number, job: () => void): Cancel;
  stop(): void;
}

export function createAgenda(clock: Clock): Agenda {
  const waiting = new Set<Cancel>();
  let isStopped = false;
  return {
    now: () => clock.now(),
    after(delayMs, job) {
      if (isStopped) return () => undefined;
      const cancelTimer = clock.after(delayMs, () => {
        waiting.delete(cancel);
        job();
      });
      const cancel: Cancel = () => {
        cancelTimer();
        waiting.delete(cancel);
      };
      waiting.add(cancel);
      return cancel;
    },
    stop() {
      isStopped = true;
      for (const cancel of [...waiting]) cancel();
    },
  };
}
