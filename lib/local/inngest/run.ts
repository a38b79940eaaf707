/**
 * Owns the state of one run as data: what is memoised, in which order, what is pending; and what has to happen after
 * an answer. Pure: it must never wait, call or log. Fails closed: an answer that it cannot carry out ends the run
 * with a sentence (`fail`), never in silence.
 */
import {
  DISCOVERY,
  type FunctionError,
  type Operation,
  type StepMemo,
  type UnknownOperation,
} from "./protocol";

export interface RunState {
  readonly steps: Readonly<Record<string, StepMemo>>;
  /** Ids of completed steps in order of completion; the SDK replays in this order. */
  readonly stack: readonly string[];
  /** Found, not yet complete. */
  readonly pending: ReadonlySet<string>;
  /** After an answer with several steps the SDK may only plan, not run, until the next discovery (§3.5). */
  readonly mustPlan: boolean;
  /** Look for new steps after each completion, not only when all are complete: `group.parallel({ mode: "race" })`. */
  readonly isRacing: boolean;
}

/** One request to make: which step, which attempt of it. */
export interface Call {
  readonly stepId: string;
  readonly attempt: number;
  readonly mustPlan: boolean;
}

export type Effect =
  | { readonly kind: "call"; readonly call: Call }
  | { readonly kind: "retry"; readonly call: Call; readonly error: FunctionError }
  | { readonly kind: "sleep"; readonly stepId: string; readonly until: string }
  | {
      readonly kind: "wait";
      readonly stepId: string;
      readonly op: Extract<Operation, { op: "WaitForEvent" }>;
    }
  | {
      readonly kind: "invoke";
      readonly stepId: string;
      readonly op: Extract<Operation, { op: "InvokeFunction" }>;
    }
  | { readonly kind: "complete"; readonly output: unknown }
  | { readonly kind: "fail"; readonly error: FunctionError };

export interface Step {
  readonly state: RunState;
  readonly effects: readonly Effect[];
}

export const freshRun: RunState = {
  steps: {},
  stack: [],
  pending: new Set(),
  mustPlan: false,
  isRacing: false,
};

export const firstCall: Call = { stepId: DISCOVERY, attempt: 0, mustPlan: false };

const MOST_STEPS = 1000;

/** What follows from the operations that the app answered to `call`. */
export function applyOperations(
  state: RunState,
  call: Call,
  operations: readonly (Operation | UnknownOperation)[],
  protocolVersion: number,
): Step {
  let next = call.stepId === DISCOVERY ? discovered(state, operations, protocolVersion) : state;
  const effects: Effect[] = [];
  for (const op of operations) {
    const step = applyOperation(next, call, op);
    next = step.state;
    effects.push(...step.effects);
  }
  return { state: next, effects };
}

/** What follows from a step that is complete: its value is remembered, and discovery goes on if nothing else pends. */
export function completeStep(state: RunState, stepId: string, memo: StepMemo): Step {
  if (stepId in state.steps) return { state, effects: [] };
  const pending = new Set(state.pending);
  pending.delete(stepId);
  const next: RunState = {
    ...state,
    steps: { ...state.steps, [stepId]: memo },
    stack: [...state.stack, stepId],
    pending,
  };
  if (next.stack.length > MOST_STEPS)
    return { state: next, effects: [failure(`the run has more than ${MOST_STEPS} steps`)] };
  const isTurn = pending.size === 0 || state.isRacing;
  const discovery: Call = { stepId: DISCOVERY, attempt: 0, mustPlan: state.mustPlan };
  return { state: next, effects: isTurn ? [{ kind: "call", call: discovery }] : [] };
}

/** A failure of the engine's own words. */
export function failure(message: string): Extract<Effect, { kind: "fail" }> {
  return { kind: "fail", error: { name: "InngestEngineError", message, stack: "" } };
}

function discovered(
  state: RunState,
  operations: readonly (Operation | UnknownOperation)[],
  protocolVersion: number,
): RunState {
  const open = new Set(state.pending);
  for (const op of operations) if (op.op !== "unknown") open.add(op.id);
  // Version 1 is what the SDK answers with `optimizeParallelism: false`, which is the older rule for every step.
  const isRacing =
    protocolVersion === 1 || operations.some((op) => "opts" in op && op.opts?.parallelMode === "race");
  return {
    ...state,
    mustPlan: open.size > 1,
    isRacing: isRacing || (state.isRacing && state.pending.size > 0),
  };
}

function applyOperation(state: RunState, call: Call, op: Operation | UnknownOperation): Step {
  switch (op.op) {
    case "unknown":
      return { state, effects: [failure(op.sentence)] };
    case "RunComplete":
      return { state, effects: [{ kind: "complete", output: op.data ?? null }] };
    case "StepRun":
      return completeStep(state, op.id, { data: op.data ?? null });
    case "StepFailed":
      return completeStep(state, op.id, { error: op.error });
    case "StepError":
      return {
        state,
        effects: [{ kind: "retry", call: { ...call, attempt: call.attempt + 1 }, error: op.error }],
      };
    default:
      return open(state, op);
  }
}

/** A step that will complete later. The SDK names unfinished steps again at each discovery: once is enough. */
function open(
  state: RunState,
  op: Extract<Operation, { op: "StepPlanned" | "Sleep" | "WaitForEvent" | "InvokeFunction" }>,
): Step {
  if (state.pending.has(op.id) || op.id in state.steps) return { state, effects: [] };
  const next: RunState = { ...state, pending: new Set(state.pending).add(op.id) };
  return { state: next, effects: [effectOf(op, state.mustPlan)] };
}

function effectOf(
  op: Extract<Operation, { op: "StepPlanned" | "Sleep" | "WaitForEvent" | "InvokeFunction" }>,
  mustPlan: boolean,
): Effect {
  switch (op.op) {
    case "StepPlanned":
      return { kind: "call", call: { stepId: op.id, attempt: 0, mustPlan } };
    case "Sleep":
      return { kind: "sleep", stepId: op.id, until: op.name };
    case "WaitForEvent":
      return { kind: "wait", stepId: op.id, op };
    case "InvokeFunction":
      return { kind: "invoke", stepId: op.id, op };
  }
}
