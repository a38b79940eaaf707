/**
 * Owns how runs end and what the engine tells the world about it: the system events of inngest.md §3.8. It must never
 * call a cancelled run failed: `onFailure` handlers hang on that difference (§2.4). Pure; cannot fail.
 */
import type { ActiveRun } from "./active-run";
import type { FunctionError, StepMemo } from "./protocol";

export type RunEnd =
  | { readonly kind: "completed"; readonly output: unknown }
  | { readonly kind: "failed"; readonly error: FunctionError }
  | { readonly kind: "cancelled"; readonly reason: string };

export interface SystemEvent {
  readonly name: "inngest/function.finished" | "inngest/function.failed" | "inngest/function.cancelled";
  readonly data: Readonly<Record<string, unknown>>;
}

/** The events that a run's end emits, in order. */
export function systemEvents(run: ActiveRun, end: RunEnd): readonly SystemEvent[] {
  const common = {
    function_id: run.fn.id,
    run_id: run.id,
    ...(run.correlationId === null ? {} : { correlation_id: run.correlationId }),
    event: run.trigger.wire,
    events: [run.trigger.wire],
    _inngest: { status: STATUS[end.kind] },
  };
  switch (end.kind) {
    case "completed":
      return [{ name: "inngest/function.finished", data: { ...common, result: end.output } }];
    case "failed": {
      const error = { error: end.error.name, ...end.error };
      return [
        { name: "inngest/function.failed", data: { ...common, error } },
        { name: "inngest/function.finished", data: { ...common, error } },
      ];
    }
    case "cancelled":
      return [
        { name: "inngest/function.cancelled", data: common },
        { name: "inngest/function.finished", data: { ...common, error: cancelledError(end.reason) } },
      ];
  }
}

/** What the run that invoked this one gets as its step's value. */
export function invocationResult(end: RunEnd): StepMemo {
  switch (end.kind) {
    case "completed":
      return { data: end.output };
    case "failed":
      return { error: end.error };
    case "cancelled":
      return { error: cancelledError(end.reason) };
  }
}

const STATUS = { completed: "Completed", failed: "Failed", cancelled: "Cancelled" } as const;

const cancelledError = (reason: string): FunctionError => ({
  name: "Error",
  message: `function cancelled: ${reason}`,
  stack: "",
});
