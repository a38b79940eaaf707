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

/** The request itself is to be made again. */
export type Retry = { readonly kind: "retry"; readonly error: FunctionError };

export interface Step<E extends Effect | Retry = Effect> {
  readonly state: RunState;
  readonly effects: readonly E[];
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
): Step<Effect | Retry> {
  let next = call.stepId === DISCOVERY ? discovered(state, operations, protocolVersion) : state;
  const effects: (Effect | Retry)[] = [];
  for (const op of operations) {
    const step = applyOperation(next, op);
    next = step.state;
    effects.push(...step.effects);
  }
  const end = effects.find(({ kind }) => kind === "fail" || kind === "complete");
  if (end) return { state: next, effects: [end] };
  return {
    state: next,
    effects: [...effects, ...(hasMoved(state, next, call, operations) ? nextDiscovery(next) : [])],
  };
}

/**
 * Whether to look for what comes next: once, however many steps the answer completed (checkpoints that came to nothing
 * come back together), and also if a checkpoint brought them before, whose receipt the SDK missed.
 */
function hasMoved(
  before: RunState,
  after: RunState,
  call: Call,
  operations: readonly (Operation | UnknownOperation)[],
): boolean {
  if (operations.some(({ op }) => op === "StepError")) return false;
  if (call.stepId !== DISCOVERY) return after.stack.length > before.stack.length;
  return operations.some(({ op }) => op === "StepRun" || op === "StepFailed");
}

/** What follows from a step that is complete: its value is remembered, and discovery goes on if nothing else pends. */
export function completeStep(state: RunState, stepId: string, memo: StepMemo): Step {
  if (stepId in state.steps) return { state, effects: [] };
  const { state: next, effects } = remember(state, stepId, memo);
  return { state: next, effects: effects.length > 0 ? effects : nextDiscovery(next) };
}

/**
 * What follows from steps that the SDK reports while its request goes on (a checkpoint, §1.8): they are remembered, and
 * nothing is called, because the request itself looks for what comes next.
 */
export function applyCheckpoint(
  state: RunState,
  operations: readonly (Operation | UnknownOperation)[],
): Step {
  let next = state;
  const effects: Effect[] = [];
  for (const op of operations) {
    const step = checkpointed(next, op);
    next = step.state;
    effects.push(...step.effects);
  }
  return { state: next, effects };
}

function checkpointed(state: RunState, op: Operation | UnknownOperation): Step {
  switch (op.op) {
    case "StepRun":
      return remember(state, op.id, { data: op.data ?? null });
    case "unknown":
      return { state, effects: [failure(op.sentence)] };
    default:
      return {
        state,
        effects: [failure(`The SDK checkpointed a ${op.op} operation, which only an answer may hold`)],
      };
  }
}

function remember(state: RunState, stepId: string, memo: StepMemo): Step {
  if (stepId in state.steps) return { state, effects: [] };
  const pending = new Set(state.pending);
  pending.delete(stepId);
  const next: RunState = {
    ...state,
    steps: { ...state.steps, [stepId]: memo },
    stack: [...state.stack, stepId],
    pending,
  };
  const isTooLong = next.stack.length > MOST_STEPS;
  return { state: next, effects: isTooLong ? [failure(`the run has more than ${MOST_STEPS} steps`)] : [] };
}

function nextDiscovery({ pending, isRacing, mustPlan }: RunState): readonly Effect[] {
  const isTurn = pending.size === 0 || isRacing;
  return isTurn ? [{ kind: "call", call: { stepId: DISCOVERY, attempt: 0, mustPlan } }] : [];
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
  for (const op of operations) if (isOpening(op)) open.add(op.id);
  // Version 1 is what the SDK answers with `optimizeParallelism: false`, which is the older rule for every step.
  const isRacing =
    protocolVersion === 1 || operations.some((op) => "opts" in op && op.opts?.parallelMode === "race");
  return {
    ...state,
    mustPlan: open.size > 1,
    isRacing: isRacing || (state.isRacing && state.pending.size > 0),
  };
}

function applyOperation(state: RunState, op: Operation | UnknownOperation): Step<Effect | Retry> {
  switch (op.op) {
    case "unknown":
      return { state, effects: [failure(op.sentence)] };
    case "RunComplete":
      return { state, effects: [{ kind: "complete", output: op.data ?? null }] };
    case "StepRun":
      return remember(state, op.id, { data: op.data ?? null });
    case "StepFailed":
      return remember(state, op.id, { error: op.error });
    case "StepError":
      return { state, effects: [{ kind: "retry", error: op.error }] };
    default:
      return open(state, op);
  }
}

type OpeningOperation = Extract<
  Operation,
  { op: "StepPlanned" | "Sleep" | "WaitForEvent" | "InvokeFunction" }
>;

const isOpening = (op: Operation | UnknownOperation): op is OpeningOperation =>
  op.op === "StepPlanned" || op.op === "Sleep" || op.op === "WaitForEvent" || op.op === "InvokeFunction";

/** A step that will complete later. The SDK names unfinished steps again at each discovery: once is enough. */
function open(state: RunState, op: OpeningOperation): Step {
  if (state.pending.has(op.id) || op.id in state.steps) return { state, effects: [] };
  const next: RunState = { ...state, pending: new Set(state.pending).add(op.id) };
  return { state: next, effects: [effectOf(op, state.mustPlan)] };
}

function effectOf(op: OpeningOperation, mustPlan: boolean): Effect {
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
