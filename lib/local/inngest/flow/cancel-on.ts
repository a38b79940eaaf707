/**
 * Owns whether an event cancels a run (inngest.md §2.4), with both guards against old events: the run's pause must
 * not be younger than the event, and the event's id must be greater than the run's. So a cancel sent in one batch
 * with its trigger is lost, as on the real server. It must never match on fields that neither event has. An
 * expression that fails counts as no match.
 */
import { nameMatches, type ReceivedEvent } from "@/lib/local/inngest/events";
import { holds } from "@/lib/local/inngest/expressions";
import type { CancelOption } from "@/lib/local/inngest/registration";

/** The server keeps a pause for a year unless `timeout` says less. */
const LONGEST_PAUSE_MS = 365 * 86_400_000;

export interface CancellableRun {
  readonly id: string;
  readonly queuedAt: number;
  readonly trigger: ReceivedEvent;
  readonly cancelOn: readonly CancelOption[];
}

/** The option by which the event cancels the run, or null; `onUnclear` hears of an `if` that cannot be judged. */
export function cancelledBy(
  event: ReceivedEvent,
  run: CancellableRun,
  onUnclear: (option: CancelOption, reason: string) => void,
): CancelOption | null {
  if (event.receivedAt < run.queuedAt || event.internalId <= run.id) return null;
  return run.cancelOn.find((option) => matches(option, event, run, onUnclear)) ?? null;
}

function matches(
  option: CancelOption,
  event: ReceivedEvent,
  run: CancellableRun,
  onUnclear: (option: CancelOption, reason: string) => void,
): boolean {
  if (!nameMatches(option.event, event.wire.name)) return false;
  if (event.receivedAt > run.queuedAt + (option.timeoutMs ?? LONGEST_PAUSE_MS)) return false;
  if (option.expression === null) return true;
  const scope = { event: run.trigger.wire, async: event.wire, now: event.receivedAt };
  return holds(option.expression, scope, (reason) => onUnclear(option, reason));
}
