/**
 * Owns the question whether anything can still happen at this very moment of virtual time: calls under way that do not
 * themselves wait for the clock. A simulation moves its clock only when the answer is no. Cannot fail; work that waits
 * for something that never comes is the settling clock's patience.
 */
import type { Cancel, Clock } from "@/lib/clock";

export interface WorkUnderWay {
  /** Counts the work until it settles. */
  track<T>(work: Promise<T>): Promise<T>;
  /** The clock for those who wait inside tracked work. */
  readonly clock: Clock;
  /** Resolves when all tracked work waits for the clock, or there is none. */
  quiet(): Promise<void>;
}

export function workUnderWay(clock: Clock): WorkUnderWay {
  let underWay = 0;
  let waiting = 0;
  const isQuiet = () => underWay <= waiting;
  return {
    async track(work) {
      underWay += 1;
      try {
        return await work;
      } finally {
        underWay -= 1;
      }
    },
    clock: {
      now: () => clock.now(),
      after(delayMs, callback): Cancel {
        waiting += 1;
        let isOver = false;
        const end = () => {
          if (!isOver) waiting -= 1;
          isOver = true;
        };
        const cancel = clock.after(delayMs, () => {
          end();
          callback();
        });
        return () => {
          end();
          cancel();
        };
      },
    },
    async quiet() {
      for (;;) {
        await turn();
        if (!isQuiet()) continue;
        await turn();
        if (isQuiet()) return;
      }
    },
  };
}

/** The phases of the event loop behind which promises, streams and immediates of now have run. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve));
  });
}
