/**
 * Owns what an operator can look at afterwards: events, runs, steps, attempts, outputs and times, the newest 500 of
 * each. It must never be read by the engine to decide anything, so that forgetting an entry cannot change behaviour.
 * Cannot fail; it is volatile and ends with the process.
 */

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

export interface HistoryStep {
  readonly id: string;
  readonly name: string;
  readonly op: string;
  readonly status: "Planned" | "Waiting" | "Retrying" | "Completed" | "Failed";
  readonly attempts: number;
  readonly output: unknown;
  readonly startedAt: number;
  readonly endedAt: number | null;
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
  readonly steps: readonly HistoryStep[];
}

export interface InngestHistory {
  /** Newest last. */
  readonly events: readonly HistoryEvent[];
  /** Newest last. */
  readonly runs: readonly HistoryRun[];
}
