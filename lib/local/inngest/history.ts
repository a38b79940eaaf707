/**
 * Owns what an operator can look at afterwards: events, runs, requests, steps, attempts, inputs, outputs and times,
 * the newest `MOST_HISTORY_ENTRIES` events and as many runs. It must never be read by the engine to decide anything, so that forgetting an entry cannot change behaviour.
 * Cannot fail; it is volatile and ends with the process.
 */

/** Of events, and of runs. A newcomer's afternoon fits; a process that runs for days does not grow without end. */
export const MOST_HISTORY_ENTRIES = 500;

export type RunStatus = "Queued" | "Running" | "Completed" | "Failed" | "Cancelled" | "Skipped";

export interface HistoryEvent {
  readonly id: string;
  readonly internalId: string;
  readonly name: string;
  readonly data: unknown;
  /** The event's own time, which may lie before or after `receivedAt`. */
  readonly ts: number;
  readonly receivedAt: number;
  /** What the event did or did not start, in the order in which it was decided. */
  readonly consequences: readonly Consequence[];
}

export type Consequence =
  | { readonly kind: "started"; readonly functionId: string; readonly runId: string }
  | { readonly kind: "skipped"; readonly functionId: string; readonly runId: string; readonly reason: string }
  | { readonly kind: "debounced"; readonly functionId: string; readonly dueAt: number }
  | { readonly kind: "ignored"; readonly functionId: string; readonly reason: string };

/** Without its stack, which differs between two runs of one simulation: the same seed has to give the same history. */
export interface HistoryError {
  readonly name: string;
  readonly message: string;
}

/** One try of a step's code. Sleeps and waits have none. */
export interface HistoryTry {
  /** Counted from 1. */
  readonly number: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly error: HistoryError | null;
}

export interface HistoryStep {
  readonly id: string;
  readonly name: string;
  /** As the SDK names it (inngest.md §3.5): StepRun, StepPlanned, Sleep, WaitForEvent, InvokeFunction. */
  readonly op: string;
  /** What kind of StepRun it is, such as "step.sendEvent"; null if the SDK does not say. */
  readonly type: string | null;
  /** What it was given: arguments, a span of time, an event to wait for, an invocation; null for a plain step.run. */
  readonly input: unknown;
  readonly status: "Planned" | "Waiting" | "Retrying" | "Completed" | "Failed";
  readonly attempts: number;
  /** In the order in which they ended. */
  readonly tries: readonly HistoryTry[];
  readonly output: unknown;
  readonly startedAt: number;
  readonly endedAt: number | null;
}

/** One request to the app. `stepId` is "step" when it asks the function what comes next. */
export interface HistoryRequest {
  readonly stepId: string;
  /** Counted from 1. */
  readonly number: number;
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** Why it has to be made again, or why the run failed with it. */
  readonly error: HistoryError | null;
}

export interface HistoryRun {
  readonly id: string;
  readonly functionId: string;
  readonly eventId: string;
  readonly eventName: string;
  readonly status: RunStatus;
  readonly reason: string | null;
  readonly output: unknown;
  readonly queuedAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** Requests made to the app for this run, retries included. */
  readonly calls: number;
  /** The same requests one by one, in the order in which they were made. */
  readonly requests: readonly HistoryRequest[];
  readonly steps: readonly HistoryStep[];
}

export interface InngestHistory {
  /** Newest last. */
  readonly events: readonly HistoryEvent[];
  /** Newest last. */
  readonly runs: readonly HistoryRun[];
  /** How many of each are kept. */
  readonly mostEntries: number;
  /** How many of each had to be forgotten. */
  readonly forgotten: { readonly events: number; readonly runs: number };
}
