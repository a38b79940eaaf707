/**
 * Owns opening a preview: warm in one round trip; a resume done here, under the claim, while the person waits; anything
 * longer is handed on under the same claim. Events, routes and replays all come through here, so opening twice, from
 * anywhere, does it once. It must never start a boot itself. Fails closed: catalogue errors; a claim whose holder
 * vanished lapses and is taken over by the sweep.
 */
import { sleep } from "@/lib/clock";
import { LeaseLostError, ProviderCapacityError, RekindleError, SandboxGoneError } from "@/lib/errors";
import type { LeaseId, SandboxId, Scope, ViewerId } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { Lease } from "@/lib/store/store";
import type { Reason } from "../reasons";
import { type CameBack, type Snapshot, sandboxAtHand } from "../record";
import { isIntact, recordDamage } from "./check-back";
import { commitRunning, loseSandbox } from "./settle";
import { standInLine } from "./stand-in-line";

export interface OpenRequest {
  readonly leaseId: LeaseId;
  readonly isByPerson: boolean;
  readonly viewerId?: ViewerId;
  /** The provider said that it does not run, whatever the record believes. */
  readonly isDoubted?: boolean;
  /** An event's id: answered once. */
  readonly requestId?: string;
  readonly reason?: Reason;
  /** Its turn in the line has come: it goes on only if it still waits. */
  readonly isAdmitted?: boolean;
}

export type OpenOutcome =
  | { readonly kind: "ready"; readonly how: CameBack; readonly snapshot: Snapshot }
  /** The claim is held, and open-preview has to go on under it. */
  | { readonly kind: "starting"; readonly lease: Lease; readonly snapshot: Snapshot }
  /** Somebody else is at work on it; what is wanted is written, and they go on to it. */
  | { readonly kind: "busy"; readonly snapshot: Snapshot }
  | { readonly kind: "needs-person"; readonly snapshot: Snapshot }
  | { readonly kind: "completed"; readonly snapshot: Snapshot }
  /** It stands in the line for a place and starts by itself; with `isUnattended` somebody has to be called to the line. */
  | { readonly kind: "waiting"; readonly isUnattended: boolean; readonly snapshot: Snapshot }
  /** It may not run, for this reason; nothing goes on by itself. */
  | { readonly kind: "refused"; readonly reason: Reason; readonly snapshot: Snapshot }
  /** Its turn in the line came when nobody waited any more. */
  | { readonly kind: "not-waiting" };

export async function open(runtime: Runtime, scope: Scope, request: OpenRequest): Promise<OpenOutcome> {
  const claimed = await runtime.store.claim(scope, {
    kind: "open",
    bootId: runtime.random.hex(6),
    ...request,
  });
  switch (claimed.kind) {
    case "warm":
    case "completed": {
      // Asked again after a lost answer: what runs came to run by this very request, and nobody was told yet.
      const { state, readyBy, cameBack } = claimed.snapshot.record;
      const isOwn = state === "running" && readyBy === request.leaseId;
      if (isOwn && cameBack) return { kind: "ready", how: cameBack, snapshot: claimed.snapshot };
      return claimed.kind === "warm"
        ? { kind: "ready", how: "warm", snapshot: claimed.snapshot }
        : { kind: "completed", snapshot: claimed.snapshot };
    }
    case "busy":
    case "needs-person":
      return { kind: claimed.kind, snapshot: claimed.snapshot };
    case "granted":
      return claimed.snapshot.record.state === "resuming"
        ? resume(runtime, claimed.lease, claimed.snapshot, request.requestId)
        : { kind: "starting", lease: claimed.lease, snapshot: claimed.snapshot };
    case "waiting":
    case "refused":
      return claimed;
    case "not-applicable":
      return { kind: "not-waiting" };
    case "active":
      throw new Error(`a claim to open cannot answer "${claimed.kind}"`);
  }
}

/**
 * Connects to the sandbox that the record names and looks whether its server answers, within the inline budget. What is
 * not done by then goes on under the same claim: a server that no longer listens, a sandbox that is gone, a slow provider.
 */
async function resume(
  runtime: Runtime,
  lease: Lease,
  snapshot: Snapshot,
  requestId: string | undefined,
): Promise<OpenOutcome> {
  const { record } = snapshot;
  const sandboxId = sandboxAtHand(record);
  const startedAt = runtime.clock.now();
  const budgetLeftMs = () => runtime.policy.resumeInlineMs - (runtime.clock.now() - startedAt);
  try {
    const sandbox = await runtime.sandboxes.connect(sandboxId, runtime.policy.keepAliveMs, budgetLeftMs());
    const { port } = record;
    // A damaged one is mended by the durable steps, which look again.
    const isGood = await isIntact(runtime, sandbox.sandboxId, record, Math.max(1, budgetLeftMs()));
    if (!isGood) await recordDamage(runtime, lease, snapshot.now);
    const isBack = isGood && port !== undefined;
    if (isBack && (await answers(runtime, sandbox.sandboxId, port, budgetLeftMs))) {
      const committed = await commitRunning(runtime, lease, {
        sandbox,
        port,
        cameBack: "resumed",
        ...(requestId ? { requestId } : {}),
      });
      return { kind: "ready", how: "resumed", snapshot: committed };
    }
  } catch (error) {
    if (error instanceof SandboxGoneError) {
      return { kind: "starting", lease, snapshot: await loseSandbox(runtime, lease, sandboxId) };
    }
    if (error instanceof ProviderCapacityError) {
      const waiting = await standInLine(runtime, lease, { isUntouched: true });
      return { kind: "waiting", isUnattended: true, snapshot: waiting };
    }
    // A provider in trouble is asked again by the durable steps, which also know how to give up with a reason.
    if (!(error instanceof RekindleError) || error instanceof LeaseLostError) throw error;
    runtime.log.warn({ code: error.code, ...error.safeDetails }, "the inline resume was handed on");
  }
  // Who was overtaken meanwhile has nothing to hand on, and what it woke too late may run unseen: its caller has to know.
  return { kind: "starting", lease, snapshot: await runtime.store.renewLease(lease, {}) };
}

/** Asks until there is an answer either way; only an address that cannot be reached is worth asking again. */
async function answers(
  runtime: Runtime,
  sandboxId: SandboxId,
  port: number,
  budgetLeftMs: () => number,
): Promise<boolean> {
  while (budgetLeftMs() > 0) {
    const probed = await runtime.probe(sandboxId, port, budgetLeftMs());
    if (probed.kind !== "unreachable") return probed.kind === "answers";
    await sleep(runtime.clock, runtime.policy.pollEveryMs);
  }
  return false;
}
