/**
 * Owns agents' holds on a preview: taken with an end, given back, and lent out around a piece of work with a live
 * sandbox. A hold keeps the preview from going to rest; a crashed agent's ends by itself. It must never be taken for
 * ever, nor wake a preview whose start failed. Fails closed: catalogue errors; a hold that could not be given back ends
 * at its own time.
 */
import { sleep } from "./clock";
import {
  HoldEndedError,
  InvalidRequestError,
  NeedsPersonError,
  PreviewNotAvailableError,
  RunEndsSoonError,
} from "./errors";
import { type HoldKey, parseHoldKey, parseLeaseId, type SandboxId, type Scope } from "./ids";
import { renewAt } from "./preview/decide";
import { renew } from "./preview/operations/renew";
import type { Snapshot } from "./preview/record";
import type { Runtime } from "./runtime";
import type { LentSandbox } from "./sandbox/e2b";

export interface Hold {
  /** Names the work: the same key is the same hold, also when a retried step asks again. */
  readonly key: string;
  /** After so long it ends by itself; asking again with the same key does not prolong it. */
  readonly maxMs: number;
}

export interface Held {
  readonly sandboxId: string;
  /** When the hold ends by itself, in Redis's milliseconds. */
  readonly endsAt: number;
}

export interface Lent {
  readonly sandbox: LentSandbox;
  /** Fires when the run is about to be renewed (`RunEndsSoonError`) or the hold ends (`HoldEndedError`). */
  readonly signal: AbortSignal;
  /** 0 at first; counts how often the work was called again after a renewal. */
  readonly round: number;
}

export interface HoldParts {
  readonly runtime: Runtime;
  /** Opens the preview as an agent, and begins what has to be done for it. */
  open(scope: Scope): Promise<unknown>;
  /** Says that somebody was active, so that the end is moved and the watch over idleness begins. */
  tellActive(scope: Scope): Promise<void>;
  /** Asks for a look at a preview whose renewal did not end with it running. */
  lookAgain(scope: Scope): Promise<void>;
}

export interface Holds {
  hold(scope: Scope, hold: Hold): Promise<Held>;
  release(scope: Scope, key: string): Promise<void>;
  withSandbox<T>(scope: Scope, hold: Hold, use: (lent: Lent) => Promise<T>): Promise<T>;
}

export function holdsOver(parts: HoldParts): Holds {
  const { runtime } = parts;

  async function take(scope: Scope, key: HoldKey, maxMs: number): Promise<Held> {
    // The record first, for a hold needs one; whatever is to be started is started by this.
    await parts.open(scope);
    const reply = await runtime.store.hold(scope, key, maxMs);
    if (reply.kind !== "held") throw new Error(`a hold cannot be answered with "${reply.kind}"`);
    try {
      await parts.tellActive(scope);
      const { sandboxId } = await untilRunning(parts, scope, reply.endsAt);
      return { sandboxId, endsAt: reply.endsAt };
    } catch (error) {
      await runtime.store.release(scope, key);
      throw error;
    }
  }

  async function giveBack(scope: Scope, key: HoldKey): Promise<void> {
    const reply = await runtime.store.release(scope, key);
    if (reply.kind === "released") await parts.tellActive(scope);
  }

  return {
    hold: (scope, hold) => take(scope, parseHoldKey(hold.key), boundOf(runtime, hold)),
    release: (scope, key) => giveBack(scope, parseHoldKey(key)),

    async withSandbox(scope, hold, use) {
      const key = parseHoldKey(hold.key);
      const { endsAt } = await take(scope, key, boundOf(runtime, hold));
      try {
        for (let round = 0; ; round += 1) {
          const worked = await work(parts, scope, { key, endsAt, round, use });
          if (worked.kind === "done") return worked.result;
          await renewAtRest(parts, scope, worked.run);
        }
      } finally {
        await giveBack(scope, key);
      }
    },
  };
}

/** @throws InvalidRequestError, since a hold without an end would keep a sandbox running for ever. */
function boundOf({ policy }: Runtime, { maxMs }: Hold): number {
  if (Number.isInteger(maxMs) && maxMs > 0 && maxMs <= policy.maxHoldMs) return maxMs;
  throw new InvalidRequestError(`maxMs of a hold must be 1 to ${policy.maxHoldMs} milliseconds.`);
}

interface Task<T> {
  readonly key: HoldKey;
  readonly endsAt: number;
  readonly round: number;
  use(lent: Lent): Promise<T>;
}

type Worked<T> =
  | { readonly kind: "done"; readonly result: T }
  /** It stopped because this run ends soon, and wants to be called again. */
  | { readonly kind: "interrupted"; readonly run: number };

async function work<T>(parts: HoldParts, scope: Scope, task: Task<T>): Promise<Worked<T>> {
  const { runtime } = parts;
  const { sandboxId, snapshot, run } = await untilRunning(parts, scope, task.endsAt);
  const sandbox = await runtime.lend(sandboxId);
  const ending = new AbortController();
  const endsSoon = new RunEndsSoonError(sandboxId);
  const abortAt = (at: number, reason: Error) =>
    runtime.clock.after(Math.max(0, at - snapshot.now), () => ending.abort(reason));
  const cancelRenewal = abortAt(renewAt(snapshot.record, runtime.policy) ?? task.endsAt, endsSoon);
  const cancelEnd = abortAt(task.endsAt, new HoldEndedError(task.key));
  try {
    return { kind: "done", result: await task.use({ sandbox, signal: ending.signal, round: task.round }) };
  } catch (error) {
    // Only what the signal caused is called again: a fault of the work's own is the caller's to know.
    const isInterrupted = ending.signal.reason === endsSoon && (error === endsSoon || isAbort(error));
    if (isInterrupted) return { kind: "interrupted", run };
    throw error;
  } finally {
    cancelRenewal();
    cancelEnd();
  }
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === "AbortError";

/** The run is another one when this returns, by this renewal or by somebody else's. */
async function renewAtRest({ runtime, lookAgain }: HoldParts, scope: Scope, run: number): Promise<void> {
  for (;;) {
    const { snapshot } = await runtime.store.read(scope);
    if (!("runStartedAt" in snapshot.record) || snapshot.record.runStartedAt !== run) return;
    const leaseId = parseLeaseId(`hold-${runtime.random.hex(12)}`);
    const outcome = await renew(runtime, scope, { leaseId, isAtRest: true });
    if (outcome.kind === "renewed" && outcome.outcome.kind === "ready") return;
    if (outcome.kind !== "busy") return lookAgain(scope);
    await sleep(runtime.clock, runtime.policy.pollEveryMs);
  }
}

interface Running {
  readonly sandboxId: SandboxId;
  readonly snapshot: Snapshot;
  readonly run: number;
}

/** @throws NeedsPersonError, or PreviewNotAvailableError when the hold ends before. */
async function untilRunning({ runtime }: HoldParts, scope: Scope, endsAt: number): Promise<Running> {
  for (;;) {
    const { snapshot } = await runtime.store.read(scope);
    const { record, now } = snapshot;
    if (record.state === "running" && now < record.endsAt) {
      return { sandboxId: record.sandboxId, snapshot, run: record.runStartedAt };
    }
    const previewId = runtime.store.previewIdOf(scope);
    if (record.state === "failed") throw new NeedsPersonError(previewId);
    if (now >= endsAt) throw new PreviewNotAvailableError(previewId, record.state, record.reason);
    await sleep(runtime.clock, runtime.policy.pollEveryMs);
  }
}
