/**
 * Owns the question whether anything can still happen at this very moment of virtual time: calls under way that do not
 * themselves wait for the clock. A simulation moves its clock only when the answer is no. Cannot fail; work that waits
 * for something that never comes is the settling clock's patience.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Cancel, Clock } from "@/lib/clock";

export interface WorkUnderWay {
  /** Counts the work until it settles. */
  track<T>(work: () => Promise<T>): Promise<T>;
  /** The clock for those who wait inside tracked work. */
  readonly clock: Clock;
  /** Resolves when all tracked work waits for the clock, or there is none. */
  quiet(): Promise<void>;
}

/** How many timers of its own one piece of work has: with any, it waits for the clock. */
interface Waiting {
  timers: number;
}

/**
 * Each work by itself: an agent's work may have several timers, and another's that has none must still be waited for. One
 * storage for all worlds: Node passes every storage ever used on to every promise, so one each would slow down all later ones.
 */
const current = new AsyncLocalStorage<Waiting>();

export function workUnderWay(clock: Clock): WorkUnderWay {
  const underWay = new Set<Waiting>();
  const isQuiet = () => [...underWay].every(({ timers }) => timers > 0);
  return {
    async track(work) {
      const waiting: Waiting = { timers: 0 };
      underWay.add(waiting);
      try {
        return await current.run(waiting, work);
      } finally {
        underWay.delete(waiting);
      }
    },
    clock: {
      now: () => clock.now(),
      after(delayMs, callback): Cancel {
        const waiting = current.getStore() ?? { timers: 0 };
        waiting.timers += 1;
        let isOver = false;
        const end = () => {
          if (!isOver) waiting.timers -= 1;
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
