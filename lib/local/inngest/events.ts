/**
 * Owns what counts as an event: names, sizes, data, ids and times (inngest.md §1.3, §2.9, §3.7). It must never accept
 * part of a batch: one bad event refuses all, as the Event API does. Fails closed with `EventRefusedError`.
 */
import { z } from "zod";
import type { Ids } from "./ids";
import type { WireEvent } from "./protocol";

export interface ReceivedEvent {
  /** The engine's own id, greater than those of all events and runs before it. */
  readonly internalId: string;
  readonly receivedAt: number;
  readonly wire: WireEvent;
}

export class EventRefusedError extends Error {
  override readonly name = "EventRefusedError";
}

const MOST_EVENTS_PER_SEND = 5000;
const LONGEST_NAME = 512;
const LARGEST_EVENT_BYTES = 512 * 1024;

const eventSchema = z.looseObject({
  name: z.string(),
  data: z.record(z.string(), z.unknown()).nullish(),
  id: z.string().nullish(),
  ts: z.number().int().nullish(),
  user: z.unknown().optional(),
  v: z.unknown().optional(),
  meta: z.unknown().optional(),
});

/** The batch's events with ids and times. @throws EventRefusedError with the Event API's sentences. */
export function parseEvents(
  body: unknown,
  seed: string | null,
  ids: Ids,
  now: number,
): readonly ReceivedEvent[] {
  const list: readonly unknown[] = Array.isArray(body) ? body : [body];
  if (list.length > MOST_EVENTS_PER_SEND)
    throw new EventRefusedError(`a send holds at most ${MOST_EVENTS_PER_SEND} events`);
  const checked = list.map(checkEvent);
  return checked.map((event, index) => {
    const seeded = seed === null ? null : ids.seeded(seed, index);
    const id = event.id || (seeded?.id ?? null);
    const internalId = ids.next();
    const wire: WireEvent = {
      id: id ?? internalId,
      name: event.name,
      data: withoutReserved(event.data ?? {}),
      ts: timeOf(event.ts ?? null, seed, seeded?.firstSeenAt ?? now),
      ...(event.user === undefined ? {} : { user: event.user }),
      ...(event.v === undefined ? {} : { v: event.v }),
      ...(event.meta === undefined ? {} : { meta: event.meta }),
    };
    return { internalId, receivedAt: now, wire };
  });
}

function checkEvent(value: unknown): z.output<typeof eventSchema> {
  const parsed = eventSchema.safeParse(value);
  if (!parsed.success) throw new EventRefusedError(`event is not valid: ${z.prettifyError(parsed.error)}`);
  const { name } = parsed.data;
  if (name === "") throw new EventRefusedError("event name is empty");
  if (name.length > LONGEST_NAME)
    throw new EventRefusedError(`event name is longer than ${LONGEST_NAME} characters`);
  if (name.startsWith("inngest/")) throw new EventRefusedError("event name is reserved");
  if (Buffer.byteLength(JSON.stringify(value)) > LARGEST_EVENT_BYTES)
    throw new EventRefusedError(`event is larger than ${LARGEST_EVENT_BYTES} bytes`);
  return parsed.data;
}

/** `_inngest` carries what only the engine may say, such as who invoked the function. */
function withoutReserved(data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(data).filter(([key]) => key !== "_inngest"));
}

/**
 * The SDK stamps an event that has no time of its own with the machine's clock, and puts the same milliseconds into
 * the seed header (4.24.0, observed 2026-11-23). Such a stamp is not the sender's: the engine's clock replaces it, or
 * every event of a simulation would lie months away from its virtual now.
 */
function timeOf(ts: number | null, seed: string | null, receivedAt: number): number {
  if (ts === null || ts === 0) return receivedAt;
  return seed !== null && seed.split(",")[0] === String(ts) ? receivedAt : ts;
}

/** True for the name itself and for patterns such as "user/*". */
export function nameMatches(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
