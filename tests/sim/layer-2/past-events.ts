/**
 * Owns the events that Inngest took and the runs that it began, under names that a reader can follow, and what an operator
 * does with them from the dashboard: an event sent once more, a run run again. It must never change what is under way.
 */
import type { RunTold } from "@/lib/local/inngest/engine";
import type { RunEnd } from "@/lib/local/inngest/outcomes";
import type { World } from "../world/world";

export interface PastEvent {
  readonly name: string;
  readonly id?: string | undefined;
  readonly ts: number;
  readonly data: Record<string, unknown>;
}

export function createPastEvents({ trace }: World) {
  const taken: PastEvent[] = [];
  const known = new Set<string>();
  const idsOfSends = new Map<string, string>();
  const names = new Map<string, string>();
  let numbered = 0;
  const newId = (): string => {
    numbered += 1;
    return `e${numbered}`;
  };
  return {
    taken,
    newId,
    /** The same for each attempt of one send, as Inngest makes it of the seed that the SDK sends along. */
    idFor(seed: string, index: number): string {
      const key = `${seed}#${index}`;
      const id = idsOfSends.get(key) ?? newId();
      idsOfSends.set(key, id);
      return id;
    },
    took(events: readonly PastEvent[]): void {
      for (const event of events) {
        const id = event.id ?? "";
        trace.note(`event ${event.name} ${id} ${known.has(id) ? "again" : JSON.stringify(event.data)}`);
        if (!known.has(id)) taken.push(event);
        known.add(id);
      }
    },
    /** Ids of runs, oldest first. */
    runIds: (): readonly string[] => [...names.keys()],
    runName: (runId: string): string => names.get(runId) ?? runId,
    heard({ runId, functionId, eventId, end }: RunTold): void {
      if (!names.has(runId)) names.set(runId, `r${names.size + 1}`);
      const run = `${names.get(runId)} ${functionId.replace("rekindle-", "")}`;
      trace.note(end === null ? `run ${run} by ${eventId}` : `over ${run}: ${endText(end)}`);
    },
  };
}

function endText(end: RunEnd): string {
  switch (end.kind) {
    case "completed":
      return JSON.stringify(end.output);
    case "failed":
      return `failed ${end.error.name}: ${end.error.message}`;
    case "cancelled":
      return end.reason;
  }
}

export type PastEvents = ReturnType<typeof createPastEvents>;
