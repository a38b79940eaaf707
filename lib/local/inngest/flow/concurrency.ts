/**
 * Owns who may call the app now (inngest.md §2.7): a limit counts requests in flight, so sleeping and waiting runs
 * hold nothing. Waiters go in the order of their place in the queue, past those that are still held up by another key.
 * It must never run a waiter that was taken back. Cannot fail.
 */
import type { Cancel } from "@/lib/clock";

export interface Slot {
  readonly key: string;
  readonly limit: number;
}

export interface Slots {
  /**
   * Calls `start` as soon as every slot is free, at once if possible, with a function that gives them back. The
   * answer takes the request back while it still waits. A lower `place` goes first; equal ones as they came.
   */
  acquire(slots: readonly Slot[], place: number, start: (release: () => void) => void): Cancel;
}

interface Waiter {
  readonly slots: readonly Slot[];
  readonly place: number;
  readonly start: (release: () => void) => void;
}

export function createSlots(): Slots {
  const used = new Map<string, number>();
  let waiters: readonly Waiter[] = [];
  const areFree = (slots: readonly Slot[]) => slots.every(({ key, limit }) => (used.get(key) ?? 0) < limit);
  const add = (slots: readonly Slot[], amount: number) => {
    for (const { key } of slots) used.set(key, (used.get(key) ?? 0) + amount);
  };
  const remove = (waiter: Waiter) => {
    waiters = waiters.filter((other) => other !== waiter);
  };
  const admit = (waiter: Waiter) => {
    remove(waiter);
    add(waiter.slots, 1);
    let isHeld = true;
    waiter.start(() => {
      if (!isHeld) return;
      isHeld = false;
      add(waiter.slots, -1);
      for (const next of waiters) if (waiters.includes(next) && areFree(next.slots)) admit(next);
    });
  };
  return {
    acquire(slots, place, start) {
      const waiter: Waiter = { slots, place, start };
      // The sort is stable: equal places stay in the order of arrival.
      waiters = [...waiters, waiter].sort((one, other) => one.place - other.place);
      if (areFree(slots)) admit(waiter);
      return () => remove(waiter);
    },
  };
}
