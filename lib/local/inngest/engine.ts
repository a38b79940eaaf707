/**
 * Owns the engine as a whole: puts the parts together, carries each event to cancellations, waits and triggers in
 * that order, one event after the other, and gives operators their controls. Written from the SDK protocol and
 * observed behaviour (inngest.md §2, §3); it must never grow from the real server's source, which is licensed against
 * copying. A development engine: volatile, everything ends with the process.
 */
import type { Clock } from "@/lib/clock";
import { cancelledBy } from "@/lib/local/inngest/flow/cancel-on";
import { createSlots } from "@/lib/local/inngest/flow/concurrency";
import { armCron } from "@/lib/local/inngest/flow/cron";
import { createSingletonLocks } from "@/lib/local/inngest/flow/singleton";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";
import type { ActiveRun } from "./active-run";
import { createActivity } from "./activity";
import { createAgenda } from "./agenda";
import { createConnections } from "./connections";
import type { InngestEngine, OutgoingEvent } from "./engine-port";
import { EventRefusedError, nameMatches, parseEvents, type ReceivedEvent } from "./events";
import { createIds } from "./ids";
import { invocationResult, type RunEnd, systemEvents } from "./outcomes";
import type { Operation } from "./protocol";
import { createRecorder } from "./recorder";
import type { EventTrigger, RegisteredFunction } from "./registration";
import { createRegistry } from "./registry";
import { createRunner } from "./runner";
import { createScheduler } from "./scheduler";

export interface EngineParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Events and runs that `history()` keeps of each; 500 if absent. */
  readonly historySize?: number;
}

/** The engine, and the Event API's entrance, which only the server uses. */
export interface Engine extends InngestEngine {
  /** The ids of the batch's events. @throws EventRefusedError */
  receive(body: unknown, seed: string | null): readonly string[];
  pausedFunctionIds(): readonly string[];
}

const DEFAULT_HISTORY_SIZE = 500;

export function createEngine({
  clock,
  random,
  log,
  historySize = DEFAULT_HISTORY_SIZE,
}: EngineParts): Engine {
  const agenda = createAgenda(clock);
  const activity = createActivity();
  const ids = createIds(clock, random);
  const recorder = createRecorder(historySize);
  const locks = createSingletonLocks();
  const active = new Map<string, ActiveRun>();
  const inbox: ReceivedEvent[] = [];
  let isDraining = false;

  const post = (events: readonly ReceivedEvent[]) => {
    inbox.push(...events);
    if (isDraining) return;
    isDraining = true;
    for (let event = inbox.shift(); event; event = inbox.shift()) carry(event);
    isDraining = false;
  };

  const carry = (event: ReceivedEvent) => {
    recorder.event(event);
    for (const run of [...active.values()]) {
      const option = cancelledBy(event, run);
      if (option) runner.cancel(run, `cancelled by ${event.wire.name} (${event.wire.id})`);
    }
    for (const run of [...active.values()]) runner.offer(run, event);
    for (const { fn } of registry.all())
      if (fn.triggers.some((trigger) => triggers(trigger, event, fn))) scheduler.schedule(fn, event);
  };

  const triggers = (
    { event: pattern, expression }: EventTrigger,
    event: ReceivedEvent,
    fn: RegisteredFunction,
  ) => {
    if (!nameMatches(pattern, event.wire.name)) return false;
    if (expression === null) return true;
    const evaluation = expression.evaluate({ event: event.wire });
    if (evaluation.kind === "value" && typeof evaluation.value === "boolean") return evaluation.value;
    const reason = evaluation.kind === "failed" ? evaluation.reason : "it is not boolean";
    log.error(
      { functionId: fn.id, expression: expression.source, reason },
      "A trigger's if could not be judged",
    );
    recorder.consequence(event, { kind: "ignored", functionId: fn.id, reason: `trigger if: ${reason}` });
    return false;
  };

  const ownEvent = (name: string, data: Readonly<Record<string, unknown>>): ReceivedEvent => {
    const internalId = ids.next();
    const now = agenda.now();
    return { internalId, receivedAt: now, wire: { id: internalId, name, data, ts: now } };
  };

  const invoke = (run: ActiveRun, op: Extract<Operation, { op: "InvokeFunction" }>): string | null => {
    const target = registry.find(op.opts.function_id);
    if (!target) return `could not find a function with the id ${op.opts.function_id}`;
    const reserved = {
      correlation_id: `${run.id}.${op.id}`,
      fn_id: op.opts.function_id,
      source_fn_id: run.fn.id,
      source_fn_v: 1,
    };
    const event = ownEvent("inngest/function.invoked", { ...op.opts.payload?.data, _inngest: reserved });
    recorder.event(event);
    scheduler.schedule(target.fn, event);
    return null;
  };

  const onEnd = (run: ActiveRun, end: RunEnd) => {
    active.delete(run.id);
    locks.release(run.id);
    const [parentId = "", stepId = ""] = run.correlationId?.split(".") ?? [];
    const parent = active.get(parentId);
    if (parent) runner.deliver(parent, stepId, invocationResult(end));
    post(systemEvents(run, end).map(({ name, data }) => ownEvent(name, data)));
  };

  const runner = createRunner({
    agenda,
    random,
    slots: createSlots(),
    activity,
    recorder,
    invoke,
    onEnd,
  });

  const registry = createRegistry((fn) =>
    fn.crons.map((schedule) =>
      armCron(schedule, agenda, random, (scheduledAt, fireAt) => {
        const [scheduled, fired] = [new Date(scheduledAt).toISOString(), new Date(fireAt).toISOString()];
        const data = { cron: schedule.pattern, scheduledAt: scheduled, fireAt: fired };
        const tick = ownEvent("inngest/scheduled.timer", data);
        recorder.event(tick);
        scheduler.schedule(fn, tick);
      }),
    ),
  );

  const scheduler = createScheduler({
    agenda,
    ids,
    log,
    recorder,
    locks,
    isPaused: registry.isPaused,
    find: registry.find,
    cancel: (runId, reason) => {
      const run = active.get(runId);
      if (run) runner.cancel(run, reason);
    },
    start: (run, delayMs) => {
      active.set(run.id, run);
      runner.start(run, delayMs);
    },
  });

  const connections = createConnections({ agenda, activity, log, registry });

  const receive = (body: unknown, seed: string | null) => {
    if (activity.isAborted) throw new EventRefusedError("the engine has stopped");
    const events = parseEvents(body, seed, ids, agenda.now());
    post(events);
    return events.map(({ wire }) => wire.id);
  };

  const ifKnown = (functionId: string, act: (id: string) => void) => {
    if (!registry.find(functionId))
      return { kind: "refused", reason: `there is no function ${functionId}` } as const;
    act(functionId);
    return { kind: "done" } as const;
  };

  return {
    receive,
    connectApp: connections.connect,
    syncNow: connections.syncAll,
    functionIds: () =>
      registry
        .all()
        .map(({ fn }) => fn.id)
        .sort(),
    pausedFunctionIds: () =>
      registry
        .all()
        .map(({ fn }) => fn.id)
        .filter(registry.isPaused),
    sendEvent: (event: OutgoingEvent) => receive(event, null)[0] ?? "",
    pauseFunction: (functionId) => ifKnown(functionId, registry.pause),
    resumeFunction: (functionId) => ifKnown(functionId, registry.resume),
    cancelRun(runId) {
      const run = active.get(runId);
      if (!run) return { kind: "refused", reason: `there is no run ${runId} under way` };
      runner.cancel(run, "cancelled by an operator");
      return { kind: "done" };
    },
    rerun(runId) {
      const known = recorder.triggerOf(runId);
      if (!known) return { kind: "refused", reason: `run ${runId} is not in the history` };
      if (known.trigger.wire.name === "inngest/scheduled.timer")
        return { kind: "refused", reason: "runs of a cron cannot be run again" };
      const placed = registry.find(known.functionId);
      if (!placed) return { kind: "refused", reason: `there is no function ${known.functionId}` };
      const startedId = scheduler.startAnew(placed.fn, known.trigger);
      return startedId === null
        ? {
            kind: "refused",
            reason: "the new run was skipped: the function is paused or its singleton is held",
          }
        : { kind: "started", runId: startedId };
    },
    history: recorder.snapshot,
    idle: activity.idle,
    async stop() {
      activity.abort(new Error("The embedded Inngest engine stopped"));
      agenda.stop();
      for (const run of active.values()) run.isEnded = true;
      active.clear();
      await activity.idle();
    },
  };
}
