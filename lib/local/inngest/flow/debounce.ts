/**
 * Owns debounce windows (inngest.md §2.2): the last event wins, one older than the stored one neither replaces it nor
 * extends the window, and `timeout` bounds the window's life from its first event. It must never look at event ids:
 * the same id starts a new window. Cannot fail; open windows end with the process.
 */
import type { Cancel } from "@/lib/clock";
import type { Agenda } from "@/lib/local/inngest/agenda";
import type { ReceivedEvent } from "@/lib/local/inngest/events";

/** A window closes this long after its period: the real server's buffer and queue, observed as 1.05 to 1.25 s. */
const CLOSING_DELAY_MS = 1050;

interface Window {
  event: ReceivedEvent;
  cancel: Cancel;
  readonly openedAt: number;
}

export interface DebounceRule {
  readonly periodMs: number;
  readonly timeoutMs: number | null;
}

export interface Debouncer {
  /** When the window will close now; null if the event was older than the stored one and changed nothing. */
  add(
    key: string,
    event: ReceivedEvent,
    rule: DebounceRule,
    close: (event: ReceivedEvent) => void,
  ): number | null;
}

export function createDebouncer(agenda: Agenda): Debouncer {
  const windows = new Map<string, Window>();
  return {
    add(key, event, rule, close) {
      const open = windows.get(key);
      if (open && event.wire.ts < open.event.wire.ts) return null;
      open?.cancel();
      const openedAt = open?.openedAt ?? agenda.now();
      const dueAt = closingTime(openedAt, agenda.now(), rule);
      const cancel = agenda.after(dueAt - agenda.now(), () => {
        windows.delete(key);
        close(event);
      });
      windows.set(key, { event, cancel, openedAt });
      return dueAt;
    },
  };
}

function closingTime(openedAt: number, now: number, rule: DebounceRule): number {
  const trailing = now + rule.periodMs + CLOSING_DELAY_MS;
  return rule.timeoutMs === null ? trailing : Math.min(trailing, openedAt + rule.timeoutMs);
}
