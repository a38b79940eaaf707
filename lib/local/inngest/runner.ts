/**
 * Owns the life of runs: makes their calls when slots are free, carries out what answers ask for, repeats what failed,
 * and ends them. It must never start a step of a run that has ended; the answer of a call that was in flight at a
 * cancellation is dropped (inngest.md §2.4). Fails closed: a run that nothing can move any more fails with a sentence.
 */
import type { Cancel } from "@/lib/clock";
import type { Slots } from "@/lib/local/inngest/flow/concurrency";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";
import { type ActiveRun, endActiveRun } from "./active-run";
import type { Activity } from "./activity";
import type { Agenda } from "./agenda";
import { backoffMs } from "./backoff";
import { type Answer, type CallResult, callApp, type QueueItem } from "./call";
import type { ReceivedEvent } from "./events";
import { functionUuid } from "./ids";
import type { RunEnd } from "./outcomes";
import { createPendingSteps } from "./pending-steps";
import type { FunctionError, Operation, StepMemo, UnknownOperation } from "./protocol";
import type { Recorder } from "./recorder";
import {
  applyCheckpoint,
  applyOperations,
  type Call,
  type Effect,
  failure,
  firstCall,
  type Step,
} from "./run";

export interface RunnerParts {
  readonly agenda: Agenda;
  readonly random: Random;
  readonly slots: Slots;
  readonly activity: Activity;
  readonly recorder: Recorder;
  readonly log: Log;
  /** Whether the SDK may report steps while its request goes on. */
  readonly takesCheckpoints: boolean;
  /** Schedules an invoked function; a sentence if there is none of that id. */
  readonly invoke: (run: ActiveRun, op: Extract<Operation, { op: "InvokeFunction" }>) => string | null;
  /** Called once per run, after it was closed. */
  readonly onEnd: (run: ActiveRun, end: RunEnd) => void;
}

export interface Runner {
  /** Queues the first call after `delayMs` and arms the run's timeouts. */
  start(run: ActiveRun, delayMs: number): void;
  cancel(run: ActiveRun, reason: string): void;
  /** Takes the steps that the SDK reports while its request goes on. */
  checkpoint(run: ActiveRun, operations: readonly (Operation | UnknownOperation)[]): void;
  /** Completes every wait of the run that the event satisfies. */
  offer(run: ActiveRun, event: ReceivedEvent): void;
  /** Completes a step that waited for something outside, such as an invoked function; harmless if it no longer waits. */
  deliver(run: ActiveRun, stepId: string, memo: StepMemo): void;
}

type OperationsResult = Extract<CallResult, { kind: "operations" }>;

export function createRunner(parts: RunnerParts): Runner {
  const { agenda, recorder, activity } = parts;

  const finish = (run: ActiveRun, end: RunEnd) => {
    if (run.isEnded) return;
    endActiveRun(run);
    recorder.end(run.id, end, agenda.now());
    parts.onEnd(run, end);
  };

  const later = (run: ActiveRun, delayMs: number, job: () => void): Cancel => {
    const cancelTimer = agenda.after(delayMs, () => {
      run.timers.delete(cancel);
      if (!run.isEnded) job();
    });
    const cancel: Cancel = () => {
      run.timers.delete(cancel);
      cancelTimer();
    };
    run.timers.add(cancel);
    return cancel;
  };

  const take = (run: ActiveRun, { state, effects }: Step) => {
    run.state = state;
    for (const effect of effects) if (!run.isEnded) perform(run, effect);
    failIfStuck(run);
  };

  const pendingSteps = createPendingSteps({ ...parts, later, take });

  const enqueue = (run: ActiveRun, call: Call, delayMs: number) => {
    run.queueItems += 1;
    enqueueAgain(run, call, { id: `${run.id}.${run.queueItems}`, generation: 1 }, delayMs);
  };

  const enqueueAgain = (run: ActiveRun, call: Call, item: QueueItem, delayMs: number) => {
    run.openCalls += 1;
    const request = () => {
      run.timers.add(
        parts.slots.acquire(
          run.slots,
          agenda.now() - run.jumpMs,
          (release) => void activity.track((signal) => makeCall(run, call, item, release, signal)),
        ),
      );
    };
    if (delayMs > 0) later(run, delayMs, request);
    else request();
  };

  const makeCall = async (
    run: ActiveRun,
    call: Call,
    queueItem: QueueItem,
    release: () => void,
    signal: AbortSignal,
  ) => {
    await Promise.resolve();
    if (run.isEnded) {
      release();
      return;
    }
    begin(run);
    recorder.call(run.id, call, agenda.now());
    run.requests.set(queueItem.id, queueItem.generation);
    const answer = await callApp({
      url: run.fn.url,
      transport: run.transport,
      runId: run.id,
      event: run.trigger.wire,
      state: run.state,
      call,
      maxAttempts: run.fn.maxAttempts,
      version: run.version,
      queueItem,
      checkpointFor: parts.takesCheckpoints ? { functionUuid: functionUuid(run.fn.id) } : null,
      signal,
    });
    run.requests.delete(queueItem.id);
    release();
    if (!run.isEnded) read(run, call, queueItem, answer);
  };

  const begin = (run: ActiveRun) => {
    if (run.startedAt !== null) return;
    run.startedAt = agenda.now();
    const { finishMs } = run.fn.timeouts;
    if (finishMs !== null) later(run, finishMs, () => overdue(run));
  };

  /** A last request that began in time may end late (the SDK's own words for `timeouts.finish`, 4.24.0). */
  const overdue = (run: ActiveRun) => {
    if (run.requests.size > 0) run.isOverdue = true;
    else cancel(run, FINISH_REACHED);
  };

  const read = (run: ActiveRun, call: Call, item: QueueItem, { result, version }: Answer) => {
    run.openCalls -= 1;
    run.version = version ?? run.version;
    if (run.isOverdue && !isEndOfRun(result)) {
      cancel(run, FINISH_REACHED);
      return;
    }
    switch (result.kind) {
      case "completed":
        finish(run, { kind: "completed", output: result.output });
        break;
      case "failed":
        if (!result.isRetriable) finish(run, { kind: "failed", error: result.error });
        else repeat(run, call, item, result.error, result.retryAfter);
        break;
      case "operations":
        recorder.operations(run.id, result.operations, call, agenda.now());
        carryOut(run, call, item, result);
    }
  };

  const carryOut = (run: ActiveRun, call: Call, item: QueueItem, answer: OperationsResult) => {
    const { state, effects } = applyOperations(run.state, call, answer.operations, run.version);
    run.state = state;
    for (const effect of effects) {
      if (run.isEnded) return;
      if (effect.kind === "retry") repeat(run, call, item, effect.error, answer.retryAfter);
      else perform(run, effect);
    }
    failIfStuck(run);
  };

  const repeat = (
    run: ActiveRun,
    call: Call,
    item: QueueItem,
    error: FunctionError,
    retryAfter: string | null,
  ) => {
    const again: Call = { ...call, attempt: call.attempt + 1 };
    if (again.attempt >= run.fn.maxAttempts) {
      finish(run, { kind: "failed", error });
      return;
    }
    const delayMs = backoffMs(call.attempt, retryAfter, agenda.now(), parts.random);
    recorder.retry(run.id, again, error, delayMs, agenda.now());
    enqueueAgain(run, again, { ...item, generation: item.generation + 1 }, delayMs);
  };

  const perform = (run: ActiveRun, effect: Effect): void => {
    switch (effect.kind) {
      case "call":
        enqueue(run, effect.call, 0);
        break;
      case "complete":
        finish(run, { kind: "completed", output: effect.output });
        break;
      case "fail":
        finish(run, { kind: "failed", error: effect.error });
        break;
      default:
        pendingSteps.begin(run, effect);
    }
  };

  /** A run without a request, a timer or a wait would stay Running for ever. */
  const failIfStuck = (run: ActiveRun) => {
    if (run.isEnded || run.openCalls > 0 || run.sleeping.size > 0) return;
    finish(
      run,
      failed(failure("The app answered nothing new and nothing is pending, so the run cannot go on")),
    );
  };

  const cancel = (run: ActiveRun, reason: string) => finish(run, { kind: "cancelled", reason });

  return {
    start(run, delayMs) {
      const { startMs } = run.fn.timeouts;
      if (startMs !== null)
        later(run, startMs, () => {
          if (run.startedAt === null) cancel(run, "timeouts.start was reached");
        });
      enqueue(run, firstCall, delayMs);
    },
    cancel,
    checkpoint(run, operations) {
      recorder.operations(run.id, operations, firstCall, agenda.now());
      const { state, effects } = applyCheckpoint(run.state, operations);
      run.state = state;
      for (const effect of effects) if (!run.isEnded) perform(run, effect);
    },
    offer: pendingSteps.offer,
    deliver: pendingSteps.deliver,
  };
}

const FINISH_REACHED = "timeouts.finish was reached";

const isEndOfRun = (result: CallResult): boolean =>
  result.kind === "completed" ||
  (result.kind === "operations" && result.operations.some(({ op }) => op === "RunComplete"));

const failed = ({ error }: Extract<Effect, { kind: "fail" }>): RunEnd => ({ kind: "failed", error });
