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
  RekindleError,
  RunEndsSoonError,
} from "./errors";
import { type HoldKey, parseHoldKey, parseLeaseId, type SandboxId, type Scope } from "./ids";
import { renewAt, renewalDue } from "./preview/decide";
import type { OpenOutcome } from "./preview/operations/open";
import { renew } from "./preview/operations/renew";
import { isClaimed, type PreviewRecord, type Snapshot } from "./preview/record";
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
  /** Where the project's files stand in it. */
  readonly projectFolder: string;
  /** Fires when the run is about to be renewed (`RunEndsSoonError`) or the hold ends (`HoldEndedError`). */
  readonly signal: AbortSignal;
  /** 0 at first; counts how often the work was called again after a renewal. */
  readonly round: number;
}

/** Below the home of the template's user, as `lib/sandbox/e2b.ts` writes it. */
const projectFolder = "/home/user/app";

export interface HoldParts {
  readonly runtime: Runtime;
  /** Opens the preview as an agent, and begins what has to be done for it. */
  open(scope: Scope): Promise<unknown>;
  /** Says that a hold began or ended, so that the provider's end and the watches follow it. */
  tellHeld(scope: Scope, snapshot: Snapshot): Promise<void>;
  /** Has what a renewal could not finish at once gone on with. */
  carryOn(scope: Scope, outcome: OpenOutcome): Promise<void>;
}

export interface Holds {
  hold(scope: Scope, hold: Hold): Promise<Held>;
  release(scope: Scope, key: string): Promise<void>;
  withSandbox<T>(scope: Scope, hold: Hold, use: (lent: Lent) => Promise<T>): Promise<T>;
}

export function holdsOver(parts: HoldParts): Holds {
  const { runtime } = parts;
  return {
    hold: async (scope, hold) => take(parts, scope, parseHoldKey(hold.key), boundOf(runtime, hold)),

    async release(scope, key) {
      const reply = await runtime.store.release(scope, parseHoldKey(key));
      if (reply.kind === "released") await parts.tellHeld(scope, reply.snapshot);
    },

    async withSandbox(scope, hold, use) {
      const key = parseHoldKey(hold.key);
      const { endsAt } = await take(parts, scope, key, boundOf(runtime, hold));
      try {
        for (let round = 0; ; round += 1) {
          const worked = await work(parts, scope, { key, endsAt, round, use });
          if (worked.kind === "done") return worked.result;
          await renewAtRest(parts, scope, { key, endsAt, run: worked.run });
        }
      } finally {
        await giveBackIfPossible(parts, scope, key);
      }
    },
  };
}

async function take(parts: HoldParts, scope: Scope, key: HoldKey, maxMs: number): Promise<Held> {
  // The record first, for a hold needs one; whatever is to be started is started by this.
  await parts.open(scope);
  const reply = await parts.runtime.store.hold(scope, key, maxMs);
  if (reply.kind === "absent") {
    const previewId = parts.runtime.store.previewIdOf(scope);
    throw new PreviewNotAvailableError(previewId, "absent", "it was forgotten meanwhile");
  }
  if (reply.kind !== "held") throw new Error(`a hold cannot be answered with "${reply.kind}"`);
  try {
    // It went to rest between the two; from here on no pause can come between.
    if (isAtRest(reply.snapshot.record)) await parts.open(scope);
    await parts.tellHeld(scope, reply.snapshot);
    const { sandboxId } = await untilRunning(parts, scope, reply.endsAt);
    return { sandboxId, endsAt: reply.endsAt };
  } catch (error) {
    await giveBackIfPossible(parts, scope, key);
    throw error;
  }
}

/** What the work came to matters more than its hold, which ends by itself if the store cannot be reached. */
async function giveBackIfPossible({ runtime, tellHeld }: HoldParts, scope: Scope, key: HoldKey) {
  try {
    const reply = await runtime.store.release(scope, key);
    if (reply.kind === "released") await tellHeld(scope, reply.snapshot);
  } catch (error) {
    if (!(error instanceof RekindleError)) throw error;
    runtime.log.warn({ code: error.code, ...error.safeDetails }, "a hold was left to end by itself");
  }
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
    const { signal } = ending;
    return { kind: "done", result: await task.use({ sandbox, projectFolder, signal, round: task.round }) };
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

interface Resting {
  readonly key: HoldKey;
  readonly endsAt: number;
  readonly run: number;
}

/**
 * The run is another one when this returns, and the same hold is taken in it. In between nothing is held: of several
 * agents at rest none waits for another, and one that still works is not interrupted before the last moment.
 * @throws HoldEndedError when the hold's end comes first.
 */
async function renewAtRest(parts: HoldParts, scope: Scope, { key, endsAt, run }: Resting): Promise<void> {
  await parts.runtime.store.release(scope, key);
  await untilRenewed(parts, scope, run);
  const { snapshot } = await parts.runtime.store.read(scope);
  if (snapshot.now >= endsAt) throw new HoldEndedError(key);
  await take(parts, scope, key, endsAt - snapshot.now);
}

/** By this agent, or by somebody else; also when it does not run any more. */
async function untilRenewed({ runtime, carryOn }: HoldParts, scope: Scope, run: number): Promise<void> {
  const { store, clock, policy } = runtime;
  for (;;) {
    const { snapshot } = await store.read(scope);
    if (!("runStartedAt" in snapshot.record) || snapshot.record.runStartedAt !== run) return;
    const leaseId = parseLeaseId(`hold-${runtime.random.hex(12)}`);
    const outcome = await renew(runtime, scope, { leaseId, isAtRest: true });
    if (outcome.kind === "renewed") return carryOn(scope, outcome.outcome);
    // This process's timer may be ahead of Redis's clock.
    const due = renewalDue(outcome.snapshot, policy, true);
    if (outcome.kind === "not-due" && due.kind !== "later") return;
    await sleep(clock, policy.pollEveryMs);
  }
}

interface Running {
  readonly sandboxId: SandboxId;
  readonly snapshot: Snapshot;
  readonly run: number;
}

/** Nobody is bringing it to run, and nobody will unless asked: it does not stand in the line for a place either. */
const isAtRest = ({ state, wanted }: PreviewRecord): boolean =>
  (state === "paused" || state === "expired" || state === "absent") && wanted === "resting";

/**
 * Waits also while it stands in the line for a place. @throws NeedsPersonError, or PreviewNotAvailableError when it could
 * not be brought to run or the hold ends before.
 */
async function untilRunning({ runtime }: HoldParts, scope: Scope, endsAt: number): Promise<Running> {
  for (;;) {
    const { snapshot } = await runtime.store.read(scope);
    const { record, now } = snapshot;
    if (record.state === "running" && now < record.endsAt) {
      return { sandboxId: record.sandboxId, snapshot, run: record.runStartedAt };
    }
    const previewId = runtime.store.previewIdOf(scope);
    if (record.state === "failed") throw new NeedsPersonError(previewId);
    // Asking again is the agent's; while somebody is at work on it, what comes of it is waited for.
    const isOver = now >= endsAt || (isAtRest(record) && !isClaimed(snapshot));
    if (isOver) throw new PreviewNotAvailableError(previewId, record.state, whyNot(record));
    const { pollEveryMs, lineLookEveryMs } = runtime.policy;
    await sleep(runtime.clock, snapshot.line && snapshot.line.position > 0 ? lineLookEveryMs : pollEveryMs);
  }
}

/** What kept it from running when it was last asked for; else why it rests. */
const whyNot = ({ refusedBecause, reason }: PreviewRecord): string => refusedBecause ?? reason;
