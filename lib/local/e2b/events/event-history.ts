/**
 * Owns the events that the events API can still tell: those of the last seven days by the clock (e2b.md §5.4), and never
 * more than the newest ten thousand, which keeps a long simulation's memory bounded. No I/O; cannot fail.
 */
import type { Clock } from "@/lib/clock";
import type { EventPayload, EventType } from "@/lib/local/e2b/events/event-payload";

export interface EventQuery {
  readonly sandboxId?: string | undefined;
  /** Default: all. */
  readonly types?: ReadonlySet<EventType> | undefined;
  readonly offset: number;
  readonly limit: number;
  /** Oldest first. */
  readonly isAscending: boolean;
}

const RETENTION_MS = 7 * 24 * 3_600_000;
const MOST_EVENTS = 10_000;

export class EventHistory {
  /** Oldest first. */
  private events: { readonly at: number; readonly payload: EventPayload }[] = [];

  constructor(private readonly clock: Clock) {}

  add(at: number, payload: EventPayload): void {
    this.events.push({ at, payload });
    // Now and then, not each time: a slice copies all of them.
    if (this.events.length > 2 * MOST_EVENTS) this.events = this.events.slice(-MOST_EVENTS);
  }

  list({ sandboxId, types, offset, limit, isAscending }: EventQuery): EventPayload[] {
    const oldest = this.clock.now() - RETENTION_MS;
    const found = this.events
      .slice(-MOST_EVENTS)
      .filter(({ at }) => at >= oldest)
      .map(({ payload }) => payload)
      .filter((payload) => sandboxId === undefined || payload.sandboxId === sandboxId)
      .filter(({ type }) => types === undefined || types.has(type));
    if (!isAscending) found.reverse();
    return found.slice(offset, offset + limit);
  }
}
