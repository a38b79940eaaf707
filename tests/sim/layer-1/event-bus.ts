/**
 * Owns how events reach functions in the first layer, worse than Inngest does it: every event starts every function that
 * it triggers at least once, sometimes again, sometimes late, in any order. Debounce, singleton and cancelOn are heeded most
 * of the time and no more, since nothing may depend on them. It must never lose an event that was taken, nor start anything
 * for an id that it knows already, but by its own repetitions.
 */
import type { Cancel } from "@/lib/clock";
import type { World } from "../world/world";
import type { RunEvent, Runs } from "./runs";
import type { ShippedFunction } from "./shipped-functions";

export interface SentEvent {
  readonly name: string;
  readonly id?: string | undefined;
  readonly ts?: number | undefined;
  readonly data?: unknown;
}

/** Inngest forgets ids after a day, which is longer than any seed. */
export function createEventBus(world: World, shipped: readonly ShippedFunction[], runs: Runs) {
  const { clock, dice, trace } = world;
  const seen = new Set<string>();
  const past: RunEvent[] = [];
  const windows = new Map<string, { readonly cancel: Cancel; readonly openedAt: number }>();
  const latest = new Map<string, string>();
  let numbered = 0;

  function receive(events: readonly SentEvent[], sentAt: number): void {
    for (const { name, id, ts, data } of events) {
      numbered += 1;
      const event: RunEvent = { name, id: id ?? `e${numbered}`, ts: ts ?? sentAt, data: plain(data) };
      if (seen.has(event.id)) continue;
      seen.add(event.id);
      past.push(event);
      trace.note(`event ${name} ${event.id} ${JSON.stringify(event.data)}`);
      deliver(event);
    }
  }

  function deliver(event: RunEvent): void {
    const times = befalls("repeated") ? 2 : 1;
    for (let time = 0; time < times; time += 1)
      clock.after(befalls("delayed") ? dice.mostlyShort(15 * 60_000) : dice.between(5, 400), () =>
        dispatch(event),
      );
  }

  function dispatch(event: RunEvent): void {
    for (const fn of shipped)
      if (fn.cancelledBy.includes(event.name) && isHeeded()) runs.cancel(fn.id, scopeOf(event));
    for (const fn of shipped) if (fn.isTriggeredBy(event)) start(fn, event);
  }

  function start(fn: ShippedFunction, event: RunEvent): void {
    const key = `${fn.id} ${scopeOf(event)}`;
    if (!fn.debounceMs || !isHeeded()) {
      begin(fn, event, key);
      return;
    }
    const open = windows.get(key);
    open?.cancel();
    const openedAt = open?.openedAt ?? clock.now();
    const dueAt = Math.min(
      clock.now() + fn.debounceMs,
      openedAt + (fn.debounceAtMostMs ?? Number.POSITIVE_INFINITY),
    );
    const cancel = clock.after(dueAt - clock.now(), () => {
      windows.delete(key);
      begin(fn, event, key);
    });
    windows.set(key, { cancel, openedAt });
  }

  function begin(fn: ShippedFunction, event: RunEvent, key: string): void {
    const before = latest.get(key);
    if (fn.isSingleton && before && isHeeded()) runs.cancelRun(before);
    latest.set(key, runs.begin(fn, event));
  }

  const isHeeded = () => !befalls("unheeded");

  /** F6. */
  function befalls(fault: "repeated" | "delayed" | "unheeded"): boolean {
    if (!dice.happens(world.plan[fault])) return false;
    world.calls.count("events.send", fault);
    return true;
  }

  return {
    receive,
    /** An operator sends it once more from the dashboard, under a new id or its own. */
    replayOne(): void {
      if (past.length === 0) return;
      const event = dice.pick(past);
      trace.note(`replayed ${event.name} ${event.id}`);
      dispatch(dice.happens(0.5) ? event : { ...event, id: `${event.id}-again-${past.length}` });
    },
    past,
  };
}

export type EventBus = ReturnType<typeof createEventBus>;

/** What crossed the wire. */
const plain = (data: unknown): Record<string, unknown> => JSON.parse(JSON.stringify(data ?? {}));

export const scopeOf = ({ data }: RunEvent): string => `${data.projectId ?? ""}/${data.userId ?? ""}`;
