/**
 * Owns the steps that time or other runs complete: sleeps, waits for events, invocations (inngest.md §2.5, §3.5). A
 * wait sees only events that arrive after it was registered; it must never look back. Fails closed: a span or an
 * expression that cannot be read ends the run with a sentence.
 */
import type { Cancel } from "@/lib/clock";
import type { Log } from "@/lib/log";
import type { ActiveRun, Waiting } from "./active-run";
import type { Agenda } from "./agenda";
import { delayUntil } from "./duration";
import { nameMatches, type ReceivedEvent } from "./events";
import { compileExpression, holds } from "./expressions";
import type { Operation, StepMemo } from "./protocol";
import type { Recorder } from "./recorder";
import { completeStep, type Effect, failure, type Step } from "./run";

export interface PendingStepParts {
  readonly agenda: Agenda;
  readonly recorder: Recorder;
  readonly log: Log;
  readonly invoke: (run: ActiveRun, op: Extract<Operation, { op: "InvokeFunction" }>) => string | null;
  readonly later: (run: ActiveRun, delayMs: number, job: () => void) => Cancel;
  readonly take: (run: ActiveRun, step: Step) => void;
}

export interface PendingSteps {
  begin(run: ActiveRun, effect: Extract<Effect, { kind: "sleep" | "wait" | "invoke" }>): void;
  offer(run: ActiveRun, event: ReceivedEvent): void;
  deliver(run: ActiveRun, stepId: string, memo: StepMemo): void;
}

/** An invocation without a timeout waits as long as a run may. */
const LONGEST_WAIT = "365d";

export function createPendingSteps(parts: PendingStepParts): PendingSteps {
  const deliver = (run: ActiveRun, stepId: string, memo: StepMemo) => {
    const cancelTimer = run.sleeping.get(stepId);
    if (run.isEnded || !cancelTimer) return;
    cancelTimer();
    run.sleeping.delete(stepId);
    run.waits.delete(stepId);
    parts.recorder.stepDone(run.id, stepId, memo, parts.agenda.now());
    parts.take(run, completeStep(run.state, stepId, memo));
  };

  const waitUntil = (run: ActiveRun, stepId: string, until: string, memo: StepMemo) => {
    const delayMs = delayUntil(until, parts.agenda.now());
    run.sleeping.set(
      stepId,
      parts.later(run, delayMs, () => deliver(run, stepId, memo)),
    );
  };

  const begin = (run: ActiveRun, effect: Extract<Effect, { kind: "sleep" | "wait" | "invoke" }>) => {
    switch (effect.kind) {
      case "sleep":
        return waitUntil(run, effect.stepId, effect.until, null);
      case "wait": {
        const { opts, name } = effect.op;
        const expression = opts.if === undefined ? null : compileExpression(opts.if);
        waitUntil(run, effect.stepId, opts.timeout, null);
        run.waits.set(effect.stepId, { stepId: effect.stepId, eventName: name, expression });
        return;
      }
      case "invoke": {
        waitUntil(run, effect.stepId, effect.op.opts.timeout ?? LONGEST_WAIT, { error: INVOKE_TIMEOUT });
        const problem = parts.invoke(run, effect.op);
        if (problem !== null)
          deliver(run, effect.stepId, { error: { name: "Error", message: problem, stack: "" } });
        return;
      }
    }
  };

  return {
    deliver,
    begin(run, effect) {
      try {
        begin(run, effect);
      } catch (error) {
        const sentence = error instanceof Error ? error.message : String(error);
        parts.take(run, { state: run.state, effects: [failure(`Step ${effect.stepId}: ${sentence}`)] });
      }
    },
    offer(run, event) {
      for (const wait of [...run.waits.values()]) {
        if (!nameMatches(wait.eventName, event.wire.name)) continue;
        if (isSatisfied(parts.log, wait, run, event)) deliver(run, wait.stepId, { data: event.wire });
      }
    },
  };
}

function isSatisfied(
  log: Log,
  { stepId, expression }: Waiting,
  run: ActiveRun,
  event: ReceivedEvent,
): boolean {
  if (expression === null) return true;
  const scope = { event: run.trigger.wire, async: event.wire, now: event.receivedAt };
  return holds(expression, scope, (reason) =>
    log.error(
      { functionId: run.fn.id, runId: run.id, stepId, expression: expression.source, reason },
      "The if of a wait for an event could not be judged",
    ),
  );
}

const INVOKE_TIMEOUT = {
  name: "InngestInvokeTimeoutError",
  message: "Timed out waiting for the invoked function to complete",
  stack: "",
};
