/**
 * Owns how one event reaches what it concerns: first the runs that it cancels, then those that wait for it, then the
 * functions that it triggers; one event after the other, in the order of arrival. It must never let what an event
 * starts see that same event. A trigger's `if` that cannot be judged counts as no match and is logged: the real
 * server redelivers such an event for ever (inngest.md §2.1).
 */
import { cancelledBy } from "@/lib/local/inngest/flow/cancel-on";
import type { Log } from "@/lib/log";
import type { ActiveRun } from "./active-run";
import { nameMatches, type ReceivedEvent } from "./events";
import { holds } from "./expressions";
import type { Recorder } from "./recorder";
import type { EventTrigger, RegisteredFunction } from "./registration";
import type { Registry } from "./registry";
import type { Runner } from "./runner";
import type { Scheduler } from "./scheduler";

export interface DispatchParts {
  readonly log: Log;
  readonly recorder: Recorder;
  readonly active: ReadonlyMap<string, ActiveRun>;
  readonly runner: Runner;
  readonly registry: Registry;
  readonly scheduler: Scheduler;
}

/** Carries the events on, after those that are still being carried. */
export type Dispatch = (events: readonly ReceivedEvent[]) => void;

export function createDispatch(parts: DispatchParts): Dispatch {
  const inbox: ReceivedEvent[] = [];
  let isCarrying = false;
  return (events) => {
    inbox.push(...events);
    if (isCarrying) return;
    isCarrying = true;
    try {
      for (let event = inbox.shift(); event; event = inbox.shift()) carry(parts, event);
    } finally {
      isCarrying = false;
    }
  };
}

function carry(parts: DispatchParts, event: ReceivedEvent): void {
  const { recorder, active, runner, registry, scheduler } = parts;
  recorder.event(event);
  for (const run of [...active.values()])
    if (isCancelledBy(parts, event, run))
      runner.cancel(run, `cancelled by ${event.wire.name} (${event.wire.id})`);
  for (const run of [...active.values()]) runner.offer(run, event);
  for (const { fn } of registry.all())
    if (fn.triggers.some((trigger) => fires(parts, trigger, event, fn))) scheduler.schedule(fn, event);
}

function isCancelledBy({ log }: DispatchParts, event: ReceivedEvent, run: ActiveRun): boolean {
  const option = cancelledBy(event, run, ({ expression }, reason) =>
    log.error(
      { functionId: run.fn.id, runId: run.id, expression: expression?.source, reason },
      "A cancelOn's if could not be judged",
    ),
  );
  return option !== null;
}

function fires(
  parts: DispatchParts,
  trigger: EventTrigger,
  event: ReceivedEvent,
  fn: RegisteredFunction,
): boolean {
  if (!nameMatches(trigger.event, event.wire.name)) return false;
  if (trigger.expression === null) return true;
  const { source } = trigger.expression;
  return holds(trigger.expression, { event: event.wire, now: event.receivedAt }, (reason) => {
    parts.log.error({ functionId: fn.id, expression: source, reason }, "A trigger's if could not be judged");
    const why = `trigger if: ${reason}`;
    parts.recorder.consequence(event, { kind: "ignored", functionId: fn.id, reason: why });
  });
}
