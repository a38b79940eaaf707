/**
 * Owns the engine as a whole: puts the parts together, and makes the events that only the engine may send. Written from the SDK protocol and
 * observed behaviour (inngest.md §2, §3); it must never grow from the real server's source, which is licensed against
 * copying. A development engine: volatile, everything ends with the process.
 */
import type { Clock } from "@/lib/clock";
import { createSlots } from "@/lib/local/inngest/flow/concurrency";
import { armCron } from "@/lib/local/inngest/flow/cron";
import { createSingletonLocks } from "@/lib/local/inngest/flow/singleton";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";
import type { ActiveRun } from "./active-run";
import { createActivity } from "./activity";
import { createAgenda } from "./agenda";
import { createCheckpoints, type ReceiveCheckpoint } from "./checkpoint";
import { createConnections } from "./connections";
import { createControls } from "./controls";
import { createDispatch } from "./dispatch";
import type { InngestEngine, OutgoingEvent } from "./engine-port";
import { EventRefusedError, parseEvents, type ReceivedEvent } from "./events";
import { MOST_HISTORY_ENTRIES } from "./history";
import { createIds } from "./ids";
import { invocationResult, type RunEnd, systemEvents } from "./outcomes";
import type { Operation } from "./protocol";
import { createRecorder } from "./recorder";
import { createRegistry } from "./registry";
import { createRunner } from "./runner";
import { createScheduler } from "./scheduler";
import type { SigningKeys } from "./signature";

export interface EngineParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Events and runs that `history()` keeps of each; `MOST_HISTORY_ENTRIES` if absent. */
  readonly historySize?: number;
  /** Whether apps may report several steps from within one request, as in Inngest Cloud (§1.8); false if absent. */
  readonly checkpointing?: boolean;
  /** Told when a run is queued, and when it has ended; it may change nothing. */
  readonly hear?: (told: RunTold) => void;
  /** Cloud mode: calls are signed, answers and callers have to prove that they know the keys. Development mode if absent. */
  readonly cloud?: CloudKeys;
}

export interface RunTold {
  readonly runId: string;
  /** "<app>-<function>". */
  readonly functionId: string;
  /** Of the event that started it. */
  readonly eventId: string;
  /** Null while it goes on. */
  readonly end: RunEnd | null;
}

export interface CloudKeys extends SigningKeys {
  /** What senders of events put into the path; any if absent. */
  readonly eventKey?: string;
}

/** The engine, and the Event API's entrance, which only the server uses. */
export interface Engine extends InngestEngine {
  /** The ids of the batch's events. @throws EventRefusedError */
  receive(body: unknown, seed: string | null): readonly string[];
  pausedFunctionIds(): readonly string[];
  receiveCheckpoint: ReceiveCheckpoint;
  /** The keys of cloud mode, or null in development mode. */
  readonly cloud: CloudKeys | null;
  /** Of the engine's clock, which its history is written in. */
  now(): number;
}

export function createEngine({
  clock,
  random,
  log,
  historySize = MOST_HISTORY_ENTRIES,
  checkpointing = false,
  hear,
  cloud,
}: EngineParts): Engine {
  const agenda = createAgenda(clock);
  const activity = createActivity();
  const ids = createIds(clock, random);
  const recorder = createRecorder(historySize);
  const locks = createSingletonLocks();
  const active = new Map<string, ActiveRun>();

  const tell = ({ id, fn, trigger }: ActiveRun, end: RunEnd | null) =>
    hear?.({ runId: id, functionId: fn.id, eventId: trigger.wire.id, end });

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
    tell(run, end);
    locks.release(run.id);
    const [parentId = "", stepId = ""] = run.correlationId?.split(".") ?? [];
    const parent = active.get(parentId);
    if (parent) runner.deliver(parent, stepId, invocationResult(end));
    dispatch(systemEvents(run, end).map(({ name, data }) => ownEvent(name, data)));
  };

  const runner = createRunner({
    agenda,
    random,
    slots: createSlots(),
    activity,
    recorder,
    log,
    takesCheckpoints: checkpointing,
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
      tell(run, null);
      runner.start(run, delayMs);
    },
  });

  const dispatch = createDispatch({ log, recorder, active, runner, registry, scheduler });

  const connections = createConnections({ agenda, activity, log, registry, keys: cloud ?? null });

  const receive = (body: unknown, seed: string | null) => {
    if (activity.isAborted) throw new EventRefusedError("the engine has stopped");
    const events = parseEvents(body, seed, ids, agenda.now());
    dispatch(events);
    return events.map(({ wire }) => wire.id);
  };

  const functionIds = () =>
    registry
      .all()
      .map(({ fn }) => fn.id)
      .sort();

  return {
    receive,
    receiveCheckpoint: createCheckpoints({ active, accept: runner.checkpoint }),
    cloud: cloud ?? null,
    connectApp: connections.connect,
    syncNow: connections.syncAll,
    functionIds,
    pausedFunctionIds: () => functionIds().filter(registry.isPaused),
    now: agenda.now,
    sendEvent: (event: OutgoingEvent) => receive(event, null)[0] ?? "",
    ...createControls({ active, recorder, registry, runner, scheduler }),
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
