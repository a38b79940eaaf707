/**
 * Owns who may call the app now (inngest.md §2.7): a limit counts requests in flight, so sleeping and waiting runs
 * hold nothing. Waiters go in the order in which they came, past those that are still held up by another key. It
 * must never run a waiter that was taken back. Cannot fail.
 */
import type { Cancel } from "@/lib/clock";

export interface Slot {
  readonly key: string;
  readonly limit: number;
}

export interface Slots {
  /**
   * Calls `start` as soon as every slot is free, at once if possible, with a function that gives them back. The
   * answer takes the request back while it still waits.
   */
  acquire(slots: readonly Slot[], start: (release: () => void) => void): Cancel;
}

interface Waiter {
  readonly slots: readonly Slot[];
  readonly start: (release: () => void) => void;
}

export function createSlots(): Slots {
  const used = new Map<string, number>();
  const waiters = new Set<Waiter>();
  const areFree = (slots: readonly Slot[]) => slots.every(({ key, limit }) => (used.get(key) ?? 0) < limit);
  const add = (slots: readonly Slot[], amount: number) => {
    for (const { key } of slots) used.set(key, (used.get(key) ?? 0) + amount);
  };
  const admit = (waiter: Waiter) => {
    waiters.delete(waiter);
    add(waiter.slots, 1);
    let isHeld = true;
    waiter.start(() => {
      if (!isHeld) return;
      isHeld = false;
      add(waiter.slots, -1);
      for (const next of [...waiters]) if (waiters.has(next) && areFree(next.slots)) admit(next);
    });
  };
  return {
    acquire(slots, start) {
      const waiter: Waiter = { slots, start };
      waiters.add(waiter);
      if (areFree(slots)) admit(waiter);
      return () => {
        waiters.delete(waiter);
      };
    },
  };
}
