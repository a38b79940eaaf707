/**
 * Owns one run's entry in the history while it is being written: its requests, its steps and their tries, its end. It
 * must never decide anything for the engine. Cannot fail: a step that nobody announced is added when it is heard of.
 */
import type { ReceivedEvent } from "./events";
import type { HistoryError, HistoryRequest, HistoryRun, HistoryStep } from "./history";
import type { RunEnd } from "./outcomes";
import type { FunctionError, Operation, StepMemo, UnknownOperation } from "./protocol";
import type { Call } from "./run";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export type RunEntry = Mutable<Omit<HistoryRun, "steps" | "requests" | "calls">> & {
  readonly trigger: ReceivedEvent;
  readonly steps: Map<string, Mutable<HistoryStep>>;
  readonly requests: Mutable<HistoryRequest>[];
};

export function newRun(id: string, functionId: string, trigger: ReceivedEvent, at: number): RunEntry {
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
    requests: [],
    steps: new Map(),
    trigger,
  };
}

export function shownRun({ trigger: _, steps, ...run }: RunEntry): HistoryRun {
  return { ...run, calls: run.requests.length, steps: [...steps.values()] };
}

export function openRequest(run: RunEntry, { stepId, attempt }: Call, at: number): void {
  run.status = "Running";
  run.startedAt ??= at;
  run.requests.push({ stepId, number: attempt + 1, startedAt: at, endedAt: null, error: null });
  const step = run.steps.get(stepId);
  if (step) step.attempts = attempt + 1;
}

/** Harmless for a request that is closed already or was never made. */
export function closeRequest(run: RunEntry, call: Call, error: HistoryError | null, at: number): void {
  const request = requestOf(run, call);
  if (!request) return;
  request.endedAt ??= at;
  request.error ??= withoutStack(error);
}

export function noteOperation(run: RunEntry, op: Operation | UnknownOperation, call: Call, at: number): void {
  if (op.op === "unknown" || op.op === "RunComplete") return;
  const startedAt = requestOf(run, call)?.startedAt ?? at;
  const known = run.steps.get(op.id);
  const step = known ?? newStep(op, isTried(op) ? startedAt : at);
  run.steps.set(op.id, step);
  // A planned step shows what it is, and what it was given, only when it runs.
  if (known && isTried(op)) Object.assign(step, describe(op));
  switch (op.op) {
    case "StepRun":
      addTry(step, call, startedAt, null, at);
      close(step, { data: op.data ?? null }, at);
      break;
    case "StepFailed":
      addTry(step, call, startedAt, op.error, at);
      close(step, { error: op.error }, at);
      break;
    case "StepError":
      addTry(step, call, startedAt, op.error, at);
      step.status = "Retrying";
      step.output = op.error;
      break;
    default:
      if (!known) step.status = op.op === "StepPlanned" ? "Planned" : "Waiting";
  }
}

export function noteStepDone(run: RunEntry, stepId: string, memo: StepMemo, at: number): void {
  const step = run.steps.get(stepId);
  if (step) close(step, memo, at);
}

export function endRun(run: RunEntry, end: RunEnd, at: number): void {
  run.endedAt = at;
  run.status = STATUS[end.kind];
  run.reason = end.kind === "completed" ? null : end.kind === "failed" ? end.error.message : end.reason;
  run.output = end.kind === "completed" ? end.output : end.kind === "failed" ? end.error : null;
  for (const request of run.requests) {
    if (request.endedAt !== null) continue;
    request.endedAt = at;
    request.error = end.kind === "failed" ? withoutStack(end.error) : null;
  }
}

const STATUS = { completed: "Completed", failed: "Failed", cancelled: "Cancelled" } as const;

/** The newest: a rerun of a request with the same attempt comes only after the first was answered. */
const requestOf = (run: RunEntry, { stepId, attempt }: Call) =>
  run.requests.findLast((request) => request.stepId === stepId && request.number === attempt + 1);

type StepOperation = Exclude<Operation, { op: "RunComplete" }>;

const isTried = ({ op }: StepOperation): boolean => TRIED.has(op);
const TRIED: ReadonlySet<string> = new Set(["StepRun", "StepError", "StepFailed"]);

const newStep = (op: StepOperation, startedAt: number): Mutable<HistoryStep> => ({
  id: op.id,
  name: op.displayName ?? op.name ?? op.id,
  ...describe(op),
  status: "Planned",
  attempts: 0,
  tries: [],
  output: null,
  startedAt,
  endedAt: null,
});

function describe(op: StepOperation): Pick<HistoryStep, "op" | "type" | "input"> {
  switch (op.op) {
    case "Sleep":
      return { op: op.op, type: null, input: { until: op.name } };
    case "WaitForEvent": {
      const { timeout, if: condition } = op.opts;
      return {
        op: op.op,
        type: null,
        input: { event: op.name, timeout, ...(condition ? { if: condition } : {}) },
      };
    }
    case "InvokeFunction": {
      const { function_id: functionId, payload, timeout } = op.opts;
      return {
        op: op.op,
        type: null,
        input: { functionId, payload: payload ?? null, timeout: timeout ?? null },
      };
    }
    // What failed is still a step.run: how it went stands in the status and the tries.
    case "StepRun":
    case "StepError":
    case "StepFailed":
      return { op: "StepRun", type: op.opts?.type ?? null, input: op.opts?.input ?? null };
    case "StepPlanned":
      return { op: op.op, type: op.opts?.type ?? null, input: op.opts?.input ?? null };
  }
}

function addTry(
  step: Mutable<HistoryStep>,
  { attempt }: Call,
  startedAt: number,
  error: FunctionError | null,
  endedAt: number,
): void {
  step.attempts = attempt + 1;
  step.tries = [...step.tries, { number: attempt + 1, startedAt, endedAt, error: withoutStack(error) }];
}

const withoutStack = (error: HistoryError | null): HistoryError | null =>
  error === null ? null : { name: error.name, message: error.message };

function close(step: Mutable<HistoryStep>, memo: StepMemo, at: number): void {
  const hasFailed = memo !== null && "error" in memo;
  step.status = hasFailed ? "Failed" : "Completed";
  step.output = memo === null ? null : hasFailed ? memo.error : memo.data;
  step.endedAt = at;
}
