/**
 * Owns the writing of the history: what happened, in the order in which it happened, capped. It must never hold back
 * or change what the engine does; the one thing it is asked for is the event of a run that an operator wants to run
 * again. Cannot fail: what belongs to a forgotten entry is dropped.
 */
import type { ReceivedEvent } from "./events";
import type { Consequence, HistoryEvent, InngestHistory } from "./history";
import type { RunEnd } from "./outcomes";
import type { FunctionError, Operation, StepMemo, UnknownOperation } from "./protocol";
import type { Call } from "./run";
import {
  closeRequest,
  endRun,
  newRun,
  noteOperation,
  noteStepDone,
  openRequest,
  type RunEntry,
  shownRun,
} from "./run-entry";

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
  /** `next` is the request that repeats the one that failed. */
  retry(runId: string, next: Call, error: FunctionError, delayMs: number, at: number): void;
  stepDone(runId: string, stepId: string, memo: StepMemo, at: number): void;
  end(runId: string, end: RunEnd, at: number): void;
  triggerOf(runId: string): { readonly functionId: string; readonly trigger: ReceivedEvent } | null;
  snapshot(): InngestHistory;
}

type EventEntry = { -readonly [K in keyof HistoryEvent]: HistoryEvent[K] };

export function createRecorder(mostEntries: number): Recorder {
  const events = new Map<string, EventEntry>();
  const runs = new Map<string, RunEntry>();
  const forgotten = { events: 0, runs: 0 };

  const addRun = (entry: RunEntry) => {
    runs.set(entry.id, entry);
    forgotten.runs += forgetOldest(runs, mostEntries);
  };
  const change = (runId: string, note: (run: RunEntry) => void) => {
    const run = runs.get(runId);
    if (run) note(run);
  };

  return {
    event(event) {
      const { id, name, data, ts } = event.wire;
      const { internalId, receivedAt } = event;
      events.set(internalId, { id, internalId, name, data, ts, receivedAt, consequences: [] });
      forgotten.events += forgetOldest(events, mostEntries);
    },
    consequence(event, consequence) {
      const entry = events.get(event.internalId);
      if (entry) entry.consequences = [...entry.consequences, consequence];
    },
    run: (runId, functionId, trigger, at) => addRun(newRun(runId, functionId, trigger, at)),
    skipped: (runId, functionId, trigger, reason, at) =>
      addRun({ ...newRun(runId, functionId, trigger, at), status: "Skipped", reason, endedAt: at }),
    call: (runId, call, at) => change(runId, (run) => openRequest(run, call, at)),
    operations: (runId, operations, call, at) =>
      change(runId, (run) => {
        for (const op of operations) noteOperation(run, op, call, at);
        closeRequest(run, call, null, at);
      }),
    retry: (runId, next, error, delayMs, at) =>
      change(runId, (run) => {
        closeRequest(run, { ...next, attempt: next.attempt - 1 }, error, at);
        run.reason = `${error.name}: ${error.message}; repeated in ${Math.round(delayMs / 1000)} s`;
      }),
    stepDone: (runId, stepId, memo, at) => change(runId, (run) => noteStepDone(run, stepId, memo, at)),
    end: (runId, end, at) => change(runId, (run) => endRun(run, end, at)),
    triggerOf(runId) {
      const run = runs.get(runId);
      return run ? { functionId: run.functionId, trigger: run.trigger } : null;
    },
    snapshot: () =>
      structuredClone({
        events: [...events.values()],
        runs: [...runs.values()].map(shownRun),
        mostEntries,
        forgotten,
      }),
  };
}

/** How many were forgotten. */
function forgetOldest(entries: Map<string, unknown>, most: number): number {
  let count = 0;
  for (const key of entries.keys()) {
    if (entries.size <= most) return count;
    entries.delete(key);
    count += 1;
  }
  return count;
}
