/**
 * Owns the writing of the history: what happened, in the order in which it happened, capped. It must never hold back
 * or change what the engine does; the one thing it is asked for is the event of a run that an operator wants to run
 * again. Cannot fail: what belongs to a forgotten entry is dropped.
 */
import type { ReceivedEvent } from "./events";
import type { Consequence, HistoryEvent, HistoryRun, HistoryStep, InngestHistory } from "./history";
import type { RunEnd } from "./outcomes";
import type { FunctionError, Operation, StepMemo, UnknownOperation } from "./protocol";
import type { Call } from "./run";

export interface Recorder {
  event(event: ReceivedEvent): void;
  consequence(event: ReceivedEvent, consequence: Consequence): void;
  run(runId: string, functionId: string, trigger: ReceivedEvent, at: number): void;
  skipped(runId: string, functionId: string, trigger: ReceivedEvent, reason: string, at: number): void;
  call(runId: string, call: Call, at: number): void;
  operations(
    runId: string,
    operations: readonly (Operation | UnknownOperation)[],
    call: Call,
    at: number,
  ): void;
  retry(runId: string, error: FunctionError, delayMs: number): void;
  stepDone(runId: string, stepId: string, memo: StepMemo, at: number): void;
  end(runId: string, end: RunEnd, at: number): void;
  triggerOf(runId: string): { readonly functionId: string; readonly trigger: ReceivedEvent } | null;
  snapshot(): InngestHistory;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type RunEntry = Mutable<Omit<HistoryRun, "steps">> & {
  readonly trigger: ReceivedEvent;
  readonly steps: Map<string, Mutable<HistoryStep>>;
};

export function createRecorder(mostEntries: number): Recorder {
  const events = new Map<string, Mutable<HistoryEvent>>();
  const runs = new Map<string, RunEntry>();

  const addRun = (entry: RunEntry) => {
    runs.set(entry.id, entry);
    forgetOldest(runs, mostEntries);
  };

  return {
    event(event) {
      const { id, name, data, ts } = event.wire;
      const { internalId, receivedAt } = event;
      events.set(internalId, { id, internalId, name, data, ts, receivedAt, consequences: [] });
      forgetOldest(events, mostEntries);
    },
    consequence(event, consequence) {
      const entry = events.get(event.internalId);
      if (entry) entry.consequences = [...entry.consequences, consequence];
    },
    run: (runId, functionId, trigger, at) => addRun(newRun(runId, functionId, trigger, at)),
    skipped: (runId, functionId, trigger, reason, at) =>
      addRun({ ...newRun(runId, functionId, trigger, at), status: "Skipped", reason, endedAt: at }),
    call(runId, call, at) {
      const run = runs.get(runId);
      if (!run) return;
      run.status = "Running";
      run.calls += 1;
      run.startedAt ??= at;
      const step = run.steps.get(call.stepId);
      if (step) step.attempts = call.attempt + 1;
    },
    operations(runId, operations, call, at) {
      const run = runs.get(runId);
      if (run) for (const op of operations) noteOperation(run.steps, op, call, at);
    },
    retry(runId, error, delayMs) {
      const run = runs.get(runId);
      if (run) run.reason = `${error.name}: ${error.message}; repeated in ${Math.round(delayMs / 1000)} s`;
    },
    stepDone(runId, stepId, memo, at) {
      const step = runs.get(runId)?.steps.get(stepId);
      if (step) close(step, memo, at);
    },
    end(runId, end, at) {
      const run = runs.get(runId);
      if (!run) return;
      run.endedAt = at;
      run.status = STATUS[end.kind];
      run.reason = end.kind === "completed" ? null : end.kind === "failed" ? end.error.message : end.reason;
      run.output = end.kind === "completed" ? end.output : end.kind === "failed" ? end.error : null;
    },
    triggerOf(runId) {
      const run = runs.get(runId);
      return run ? { functionId: run.functionId, trigger: run.trigger } : null;
    },
    snapshot: () =>
      structuredClone({
        events: [...events.values()],
        runs: [...runs.values()].map(({ trigger: _, steps, ...run }) => ({
          ...run,
          steps: [...steps.values()],
        })),
      }),
  };
}

const STATUS = { completed: "Completed", failed: "Failed", cancelled: "Cancelled" } as const;

function newRun(id: string, functionId: string, trigger: ReceivedEvent, at: number): RunEntry {
  return {
    id,
    functionId,
    eventId: trigger.wire.id,
    eventName: trigger.wire.name,
    status: "Queued",
    reason: null,
    output: null,
    queuedAt: at,
    startedAt: null,
    endedAt: null,
    calls: 0,
    steps: new Map(),
    trigger,
  };
}

function noteOperation(
  steps: Map<string, Mutable<HistoryStep>>,
  op: Operation | UnknownOperation,
  call: Call,
  at: number,
): void {
  if (op.op === "unknown" || op.op === "RunComplete") return;
  const known = steps.get(op.id);
  const step = known ?? newStep(op.id, op.displayName ?? op.name ?? op.id, op.op, at);
  steps.set(op.id, step);
  switch (op.op) {
    case "StepRun":
      step.attempts = call.attempt + 1;
      close(step, { data: op.data ?? null }, at);
      break;
    case "StepFailed":
      step.attempts = call.attempt + 1;
      close(step, { error: op.error }, at);
      break;
    case "StepError":
      step.attempts = call.attempt + 1;
      step.status = "Retrying";
      step.output = op.error;
      break;
    default:
      if (!known) step.status = op.op === "StepPlanned" ? "Planned" : "Waiting";
  }
}

const newStep = (id: string, name: string, op: string, at: number): Mutable<HistoryStep> => ({
  id,
  name,
  op,
  status: "Planned",
  attempts: 0,
  output: null,
  startedAt: at,
  endedAt: null,
});

function close(step: Mutable<HistoryStep>, memo: StepMemo, at: number): void {
  const hasFailed = memo !== null && "error" in memo;
  step.status = hasFailed ? "Failed" : "Completed";
  step.output = memo === null ? null : hasFailed ? memo.error : memo.data;
  step.endedAt = at;
}

function forgetOldest(entries: Map<string, unknown>, most: number): void {
  for (const key of entries.keys()) {
    if (entries.size <= most) return;
    entries.delete(key);
  }
}
