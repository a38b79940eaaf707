/**
 * Owns what the engine is doing that has not ended: calls and syncs. A simulation must not move its clock before that,
 * and a stop aborts it. Each piece of work has an abort signal of its own: on one shared signal the listeners of
 * thousands of requests would pile up. Cannot fail.
 */

export interface Activity {
  /** Counts the work as under way until it settles. After `abort` its signal is aborted from the start. */
  track<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Resolves when nothing is under way, nor was begun by what ended last. */
  idle(): Promise<void>;
  abort(reason: Error): void;
  readonly isAborted: boolean;
}

export function createActivity(): Activity {
  const underWay = new Set<AbortController>();
  let waiters: (() => void)[] = [];
  let abortReason: Error | null = null;
  const end = (controller: AbortController) => {
    underWay.delete(controller);
    if (underWay.size > 0) return;
    const woken = waiters;
    waiters = [];
    for (const wake of woken) wake();
  };
  return {
    async track(work) {
      const controller = new AbortController();
      underWay.add(controller);
      if (abortReason) controller.abort(abortReason);
      try {
        return await work(controller.signal);
      } finally {
        end(controller);
      }
    },
    async idle() {
      while (underWay.size > 0) await new Promise<void>((resolve) => waiters.push(resolve));
    },
    abort(reason) {
      abortReason = reason;
      for (const controller of underWay) controller.abort(reason);
    },
    get isAborted() {
      return abortReason !== null;
    },
  };
}
