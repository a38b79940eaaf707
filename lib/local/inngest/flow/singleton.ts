/**
 * Owns the locks of singleton functions (inngest.md §2.3): one run per function and key, held from its creation to
 * its end, sleeps included. It must never queue a loser. Cannot fail.
 */

export interface SingletonLocks {
  /** The run that holds the lock, or null. */
  holder(key: string): string | null;
  take(key: string, runId: string): void;
  /** Gives the lock back if this run still holds it; a run that was replaced does not take it from its successor. */
  release(runId: string): void;
}

export function createSingletonLocks(): SingletonLocks {
  const holders = new Map<string, string>();
  return {
    holder: (key) => holders.get(key) ?? null,
    take: (key, runId) => {
      holders.set(key, runId);
    },
    release(runId) {
      for (const [key, holder] of holders) if (holder === runId) holders.delete(key);
    },
  };
}
