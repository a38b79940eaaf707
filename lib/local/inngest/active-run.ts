/**
 * Owns what the engine holds in memory for a run that has not ended: its state, its waits, its timers. It must never
 * outlive the run: `end` takes every timer back. Cannot fail.
 */
import type { Cancel } from "@/lib/clock";
import type { CancellableRun } from "@/lib/local/inngest/flow/cancel-on";
import type { Slot } from "@/lib/local/inngest/flow/concurrency";
import { jumpMs } from "@/lib/local/inngest/flow/priority";
import type { ReceivedEvent } from "./events";
import type { Expression } from "./expressions";
import type { RegisteredFunction } from "./registration";
import { freshRun, type RunState } from "./run";
import type { Transport } from "./transport";

export interface Waiting {
  readonly stepId: string;
  readonly eventName: string;
  readonly expression: Expression | null;
}

export interface ActiveRun extends CancellableRun {
  readonly fn: RegisteredFunction;
  readonly transport: Transport;
  readonly slots: readonly Slot[];
  /** How far its requests go before others that wait. */
  readonly jumpMs: number;
  /** "<parent run>.<step>" of the run that invoked this one. */
  readonly correlationId: string | null;
  state: RunState;
  startedAt: number | null;
  isEnded: boolean;
  /** `timeouts.finish` was reached while a request was under way: only if that request ends the run, it counts. */
  isOverdue: boolean;
  /** -1 until the SDK has chosen its protocol version. */
  version: number;
  /** Requests queued, in flight, or waiting to be repeated. */
  openCalls: number;
  /** How many queue items the run has had; numbers them. */
  queueItems: number;
  /** Requests in flight: queue item → its generation. A checkpoint of any other one comes too late. */
  readonly requests: Map<string, number>;
  /** Steps that something other than a request will complete. */
  readonly sleeping: Map<string, Cancel>;
  readonly waits: Map<string, Waiting>;
  readonly timers: Set<Cancel>;
}

export interface RunOrigin {
  readonly id: string;
  readonly fn: RegisteredFunction;
  readonly transport: Transport;
  readonly trigger: ReceivedEvent;
  readonly queuedAt: number;
}

export function createActiveRun(origin: RunOrigin): ActiveRun {
  return {
    ...origin,
    cancelOn: origin.fn.cancelOn,
    slots: slotsOf(origin.fn, origin.trigger),
    jumpMs: jumpMs(origin.fn.priority, { event: origin.trigger.wire, now: origin.trigger.receivedAt }),
    correlationId: correlationOf(origin.trigger),
    state: freshRun,
    startedAt: null,
    isEnded: false,
    isOverdue: false,
    version: -1,
    openCalls: 0,
    queueItems: 0,
    requests: new Map(),
    sleeping: new Map(),
    waits: new Map(),
    timers: new Set(),
  };
}

/** Closes the run to everything that may still come for it. */
export function endActiveRun(run: ActiveRun): void {
  run.isEnded = true;
  for (const cancel of [...run.timers]) cancel();
  run.timers.clear();
  run.waits.clear();
  run.sleeping.clear();
}

function slotsOf(fn: RegisteredFunction, trigger: ReceivedEvent): readonly Slot[] {
  return fn.concurrency.map(({ limit, key, scope }, index) => {
    const value = key === null ? "" : (keyText(key, trigger) ?? "");
    const owner = scope === "fn" ? `${fn.id}#${index}` : `${scope} ${key?.source ?? ""}`;
    return { key: `${owner}\n${value}`, limit };
  });
}

function keyText(key: Expression, trigger: ReceivedEvent): string | null {
  const evaluation = key.evaluate({ event: trigger.wire, now: trigger.receivedAt });
  return evaluation.kind === "value" ? JSON.stringify(evaluation.value ?? null) : null;
}

function correlationOf(trigger: ReceivedEvent): string | null {
  const reserved = trigger.wire.data._inngest;
  if (typeof reserved !== "object" || reserved === null || !("correlation_id" in reserved)) return null;
  return typeof reserved.correlation_id === "string" ? reserved.correlation_id : null;
}
