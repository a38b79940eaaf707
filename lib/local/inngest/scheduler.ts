/**
 * Owns what an event starts, in the order of the real server (inngest.md §2.1): rate limit, debounce, singleton,
 * paused, new run with idempotency, cancelOn, queue with throttle, concurrency and priority. Nearly every surprise of Inngest follows from this
 * order, so it must never be changed for convenience. Each refusal is written to the history.
 */

import { createDebouncer } from "@/lib/local/inngest/flow/debounce";
import { createIdempotencyKeys } from "@/lib/local/inngest/flow/idempotency";
import { createRateLimiter } from "@/lib/local/inngest/flow/rate-limit";
import type { SingletonLocks } from "@/lib/local/inngest/flow/singleton";
import { createThrottle } from "@/lib/local/inngest/flow/throttle";
import type { Log } from "@/lib/log";
import { type ActiveRun, createActiveRun } from "./active-run";
import type { Agenda } from "./agenda";
import type { ReceivedEvent } from "./events";
import { type Expression, evaluateKey } from "./expressions";
import type { Ids } from "./ids";
import type { Recorder } from "./recorder";
import type { RegisteredFunction } from "./registration";
import type { Transport } from "./transport";

export interface SchedulerParts {
  readonly agenda: Agenda;
  readonly ids: Ids;
  readonly log: Log;
  readonly recorder: Recorder;
  readonly locks: SingletonLocks;
  readonly isPaused: (functionId: string) => boolean;
  /** The function as it is registered now; a window may close after a reload. Null if it is gone. */
  readonly find: (
    functionId: string,
  ) => { readonly fn: RegisteredFunction; readonly transport: Transport } | null;
  readonly cancel: (runId: string, reason: string) => void;
  readonly start: (run: ActiveRun, delayMs: number) => void;
}

export interface Scheduler {
  /** Starts a run, opens or moves a debounce window, or records why nothing starts. */
  schedule(fn: RegisteredFunction, event: ReceivedEvent): void;
  /** Starts a run without rate limit, debounce and deduplication. The run's id, or null if it was skipped. */
  startAnew(fn: RegisteredFunction, event: ReceivedEvent): string | null;
}

export function createScheduler(parts: SchedulerParts): Scheduler {
  const { agenda, ids, recorder } = parts;
  const debouncer = createDebouncer(agenda);
  const idempotency = createIdempotencyKeys();
  const throttle = createThrottle();
  const rateLimiter = createRateLimiter();

  const isWithinRate = (fn: RegisteredFunction, event: ReceivedEvent): boolean => {
    if (!fn.rateLimit) return true;
    const key = `${fn.id}\n${keyOr(fn.rateLimit.key, event, "")}`;
    if (rateLimiter.admit(key, fn.rateLimit, agenda.now())) return true;
    const reason = "rateLimit: the limit of this period is used up";
    recorder.consequence(event, { kind: "ignored", functionId: fn.id, reason });
    return false;
  };

  const debounce = (
    fn: RegisteredFunction,
    event: ReceivedEvent,
    rule: NonNullable<RegisteredFunction["debounce"]>,
  ) => {
    const windowKey = `${fn.id}\n${keyOr(rule.key, event, "")}`;
    const dueAt = debouncer.add(windowKey, event, rule, (last) => create(fn.id, last, false));
    recorder.consequence(
      event,
      dueAt === null
        ? { kind: "ignored", functionId: fn.id, reason: "debounce holds an event with a later ts" }
        : { kind: "debounced", functionId: fn.id, dueAt },
    );
  };

  const skip = (fn: RegisteredFunction, event: ReceivedEvent, reason: string): null => {
    const runId = ids.next();
    recorder.skipped(runId, fn.id, event, reason, agenda.now());
    recorder.consequence(event, { kind: "skipped", functionId: fn.id, runId, reason });
    return null;
  };

  const create = (functionId: string, event: ReceivedEvent, isDeduplicated: boolean): string | null => {
    const found = parts.find(functionId);
    if (!found) {
      parts.log.warn(
        { functionId },
        "A debounced function is not registered any more; its event starts nothing",
      );
      return null;
    }
    const { fn, transport } = found;
    const lock = lockOf(fn, event);
    const holder = lock === null ? null : parts.locks.holder(lock);
    if (holder !== null && fn.singleton?.mode === "skip")
      return skip(fn, event, `singleton: ${holder} is active`);
    if (holder !== null) parts.cancel(holder, "singleton: a newer run took its place");
    if (parts.isPaused(fn.id)) return skip(fn, event, "the function is paused");
    if (isDeduplicated && !idempotency.claim(fn.id, idempotencyKey(fn, event), agenda.now())) {
      recorder.consequence(event, {
        kind: "ignored",
        functionId: fn.id,
        reason: "the same key ran in the last 24 hours",
      });
      return null;
    }
    return launch(fn, transport, event, lock);
  };

  const launch = (
    fn: RegisteredFunction,
    transport: Transport,
    event: ReceivedEvent,
    lock: string | null,
  ): string => {
    const run = createActiveRun({ id: ids.next(), fn, transport, trigger: event, queuedAt: agenda.now() });
    if (lock !== null) parts.locks.take(lock, run.id);
    recorder.run(run.id, fn.id, event, run.queuedAt);
    recorder.consequence(event, { kind: "started", functionId: fn.id, runId: run.id });
    parts.start(run, startDelay(fn, event));
    return run.id;
  };

  /** An event of the future starts its run then; a throttle may push the start further. */
  const startDelay = (fn: RegisteredFunction, event: ReceivedEvent): number => {
    const now = agenda.now();
    const eventDelayMs = Math.max(0, event.wire.ts - now);
    if (!fn.throttle) return eventDelayMs;
    const key = `${fn.id}\n${keyOr(fn.throttle.key, event, "")}`;
    return eventDelayMs + throttle.reserve(key, fn.throttle, now + eventDelayMs);
  };

  return {
    schedule(fn, event) {
      if (!isWithinRate(fn, event)) return;
      if (fn.debounce) debounce(fn, event, fn.debounce);
      else create(fn.id, event, true);
    },
    startAnew: (fn, event) => create(fn.id, event, false),
  };
}

const keyOr = (key: Expression | null, event: ReceivedEvent, otherwise: string): string =>
  key === null ? otherwise : (evaluateKey(key, { event: event.wire, now: event.receivedAt }) ?? otherwise);

/** A key that is false or cannot be evaluated makes this run no singleton (§2.3). */
function lockOf(fn: RegisteredFunction, event: ReceivedEvent): string | null {
  if (!fn.singleton) return null;
  if (fn.singleton.key === null) return fn.id;
  const key = evaluateKey(fn.singleton.key, { event: event.wire, now: event.receivedAt });
  return key === null ? null : `${fn.id}\n${key}`;
}

function idempotencyKey(fn: RegisteredFunction, event: ReceivedEvent): string {
  if (fn.idempotency === null) return `id ${event.wire.id}`;
  const key = evaluateKey(fn.idempotency, { event: event.wire, now: event.receivedAt });
  return key === null ? `id ${event.wire.id}` : `key ${key}`;
}
