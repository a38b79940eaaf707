/**
 * Owns what of the machine the Inngest SDK takes by itself, while a seed is played: timers, the time, chance and environment. It has no
 * clock to be given: it waits between attempts to send with `setTimeout` and `Math.random`, stamps events with `new Date()`,
 * and looks for steps after a timer of no time at all (4.24.0, read 2026-11-24). With these in place everything between two
 * moments of virtual time is promises, so one turn of the event loop settles it, exactly. It must never stay in place after
 * the seed, nor be used where a socket or thread is waited for.
 */
import type { Cancel } from "@/lib/clock";
import type { Random } from "@/lib/random";
import type { SimClock } from "../kernel/sim-clock";

const asyncContext = Symbol.for("inngest:als");

/** Puts them in place; the answer puts back what was there. */
export function virtualProcess(clock: SimClock, random: Random): () => void {
  const MachineDate = Date;
  class VirtualDate extends MachineDate {
    constructor(...given: [] | [number | string | Date]) {
      if (given.length === 0) super(clock.now());
      else super(...given);
    }
    static override now = () => clock.now();
  }
  const timers = new WeakMap<object, Cancel>();
  const put: readonly (readonly [object, string | symbol, unknown])[] = [
    [globalThis, "Date", VirtualDate],
    [globalThis, "setTimeout", start],
    [
      globalThis,
      "clearTimeout",
      (timer: unknown) => {
        if (typeof timer === "object" && timer !== null) timers.get(timer)?.();
      },
    ],
    [Math, "random", () => random.fraction()],
    [globalThis, asyncContext, withoutAsyncContext],
    // The SDK copies it several times a request, and each name is a call into the system.
    [process, "env", { ...process.env }],
  ];
  function start(callback: (...given: unknown[]) => void, delayMs = 0, ...given: unknown[]): object {
    const timer = { ref: () => timer, unref: () => timer, hasRef: () => true };
    timers.set(
      timer,
      clock.after(delayMs, () => callback(...given)),
    );
    return timer;
  }
  const before = put.map(([owner, name]) => Reflect.get(owner, name));
  for (const [owner, name, value] of put) Reflect.set(owner, name, value);
  return () => {
    for (const [index, [owner, name]] of put.entries()) Reflect.set(owner, name, before[index]);
  };
}

/**
 * What the SDK does by itself where there is no AsyncLocalStorage. Only `group` needs one, which nothing of ours uses; and
 * in Node 20 the first `run` of any storage makes every later promise of the process about twice as slow.
 */
const fallback = { getStore: () => undefined, run: <T>(_store: unknown, act: () => T): T => act() };
const withoutAsyncContext = { promise: Promise.resolve(fallback), resolved: fallback, isFallback: true };
