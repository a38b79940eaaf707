/**
 * Owns the life of runs: makes their calls when slots are free, carries out what answers ask for, repeats what failed,
 * and ends them. It must never start a step of a run that has ended; the answer of a call that was in flight at a
 * cancellation is dropped (inngest.md §2.4). Fails closed: a run that nothing can move any more fails with a sentence.
 */
import type { Cancel } from "@/lib/clock";
import type { Slots } from "@/lib/local/inngest/flow/concurrency";
import type { Random } from "@/lib/random";
import { type ActiveRun, endActiveRun } from "./active-run";
import type { Activity } from "./activity";
import type { Agenda } from "./agenda";
import { backoffMs } from "./backoff";
import { type Answer, type CallResult, callApp } from "./call";
import type { ReceivedEvent } from "./events";
import type { RunEnd } from "./outcomes";
import { createPendingSteps } from "./pending-steps";
import type { FunctionError, Operation, StepMemo } from "./protocol";
import type { Recorder } from "./recorder";
import { applyOperations, type Call, type Effect, failure, firstCall, type Step } from "./run";

export interface RunnerParts {
  readonly agenda: Agenda;
  readonly random: Random;
  readonly slots: Slots;
  readonly activity: Activity;
  readonly recorder: Recorder;
  /** Schedules an invoked function; a sentence if there is none of that id. */
  readonly invoke: (run: ActiveRun, op: Extract<Operation, { op: "InvokeFunction" }>) => string | null;
  /** Called once per run, after it was closed. */
  readonly onEnd: (run: ActiveRun, end: RunEnd) => void;
}

export interface Runner {
  /** Queues the first call after `delayMs` and arms the run's timeouts. */
  start(run: ActiveRun, delayMs: number): void;
  cancel(run: ActiveRun, reason: string): void;
  /** Completes every wait of the run that the event satisfies. */
  offer(run: ActiveRun, event: ReceivedEvent): void;
  /** Completes a step that waited for something outside, such as an invoked function; harmless if it no longer waits. */
  deliver(run: ActiveRun, stepId: string, memo: StepMemo): void;
}

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
    for (const effect of effects) if (!run.isEnded) perform(run, effect, null);
    failIfStuck(run);
  };

  const pendingSteps = createPendingSteps({ ...parts, later, take });

  const enqueue = (run: ActiveRun, call: Call, delayMs: number) => {
    run.openCalls += 1;
    const request = () => {
      run.timers.add(
        parts.slots.acquire(
          run.slots,
          (release) => void activity.track((signal) => makeCall(run, call, release, signal)),
        ),
      );
    };
    if (delayMs > 0) later(run, delayMs, request);
    else request();
  };

  const makeCall = async (run: ActiveRun, call: Call, release: () => void, signal: AbortSignal) => {
    await Promise.resolve();
    if (run.isEnded) {
      release();
      return;
    }
    begin(run);
    recorder.call(run.id, call, agenda.now());
    const { state, version } = run;
    const answer = await callApp({
      url: run.fn.url,
      transport: run.transport,
      runId: run.id,
      event: run.trigger.wire,
      state,
      call,
      maxAttempts: run.fn.maxAttempts,
      version,
      signal,
    });
    release();
    if (!run.isEnded) read(run, call, answer);
  };

  const begin = (run: ActiveRun) => {
    if (run.startedAt !== null) return;
    run.startedAt = agenda.now();
    const { finishMs } = run.fn.timeouts;
    if (finishMs !== null) later(run, finishMs, () => cancel(run, "timeouts.finish was reached"));
  };

  const read = (run: ActiveRun, call: Call, { result, version }: Answer) => {
    run.openCalls -= 1;
    run.version = version ?? run.version;
    switch (result.kind) {
      case "completed":
        finish(run, { kind: "completed", output: result.output });
        break;
      case "failed":
        readFailure(run, call, result);
        break;
      case "operations": {
        const step = applyOperations(run.state, call, result.operations, run.version);
        recorder.operations(run.id, result.operations, call, agenda.now());
        run.state = step.state;
        for (const effect of step.effects) if (!run.isEnded) perform(run, effect, result.retryAfter);
        failIfStuck(run);
      }
    }
  };

  const readFailure = (run: ActiveRun, call: Call, result: Extract<CallResult, { kind: "failed" }>) => {
    if (!result.isRetriable) finish(run, { kind: "failed", error: result.error });
    else repeat(run, { ...call, attempt: call.attempt + 1 }, result.error, result.retryAfter);
  };

  const repeat = (run: ActiveRun, call: Call, error: FunctionError, retryAfter: string | null) => {
    if (call.attempt >= run.fn.maxAttempts) {
      finish(run, { kind: "failed", error });
      return;
    }
    const delayMs = backoffMs(call.attempt - 1, retryAfter, agenda.now(), parts.random);
    recorder.retry(run.id, call, error, delayMs, agenda.now());
    enqueue(run, call, delayMs);
  };

  const perform = (run: ActiveRun, effect: Effect, retryAfter: string | null): void => {
    switch (effect.kind) {
      case "call":
        enqueue(run, effect.call, 0);
        break;
      case "retry":
        repeat(run, effect.call, effect.error, retryAfter);
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
    offer: pendingSteps.offer,
    deliver: pendingSteps.deliver,
  };
}

const failed = ({ error }: Extract<Effect, { kind: "fail" }>): RunEnd => ({ kind: "failed", error });
