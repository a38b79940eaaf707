/**
 * Owns the knowledge whether the engine is doing something that has not ended: a call, a sync. A simulation must not
 * move its clock before that. Cannot fail.
 */

export interface Activity {
  /** Counts `work` as under way until it settles. */
  track<T>(work: Promise<T>): Promise<T>;
  readonly isIdle: boolean;
  /** Resolves when nothing is under way, nor was begun by what ended last. */
  idle(): Promise<void>;
}

export function createActivity(): Activity {
  let underWay = 0;
  let waiters: (() => void)[] = [];
  const end = () => {
    underWay -= 1;
    if (underWay > 0) return;
    const woken = waiters;
    waiters = [];
    for (const wake of woken) wake();
  };
  return {
    get isIdle() {
      return underWay === 0;
    },
    async track(work) {
      underWay += 1;
      try {
        return await work;
      } finally {
        end();
      }
    },
    async idle() {
      while (underWay > 0) await new Promise<void>((resolve) => waiters.push(resolve));
    },
  };
}
