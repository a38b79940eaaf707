/**
 * Owns the commits that end or turn a claim: running, failed, gone, paused. Each is one fenced script call; a caller
 * whose claim was taken over gets `LeaseLostError` and must stop. It must never call the provider before the record
 * says what would be true if this process died right after.
 */
import { LeaseLostError, ProviderBusyError } from "@/lib/errors";
import type { SandboxId } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { RunningSandbox } from "@/lib/sandbox/port";
import type { Commit, Lease } from "@/lib/store/store";
import { idleAt } from "../decide";
import type { Reason } from "../reasons";
import { type CameBack, type PreviewRecord, type Snapshot, sandboxOf } from "../record";

/** What the record knows of a sandbox, removed together. */
export const sandboxFields = ["sandboxId", "runStartedAt", "endsAt"];

/** What is true of a sandbox's disk, and of no other's. */
export const ofTheSandbox = [
  "pausedAt",
  "bootId",
  "filesFor",
  "generation",
  "sealHash",
  "safeAt",
  "keptUntil",
  "damagedAt",
];

type Committing = Pick<Runtime, "store" | "log">;

/** Commits under the fence. @throws LeaseLostError, or ProviderBusyError when the sandbox was condemned meanwhile. */
export async function commit(runtime: Committing, lease: Lease, change: Commit): Promise<Snapshot> {
  const committed = await commitUnlessRefused(runtime, lease, change);
  if (!committed) throw new ProviderBusyError("commit a sandbox that is being destroyed");
  return committed;
}

/**
 * Commits under the fence; undefined, with nothing written, when the sandbox was condemned, or when the record names
 * another and the commit asked for that to be looked at. @throws LeaseLostError
 */
export async function commitUnlessRefused(
  runtime: Committing,
  lease: Lease,
  change: Commit,
): Promise<Snapshot | undefined> {
  const reply = await runtime.store.commit(lease, {
    ...change,
    operation: `${lease.leaseId}.${lease.epoch}/${change.operation}`,
  });
  switch (reply.kind) {
    case "committed":
      runtime.log.info(
        {
          previewId: runtime.store.previewIdOf(lease.scope),
          epoch: lease.epoch,
          state: reply.snapshot.record.state,
          reason: reply.snapshot.record.reason,
          operation: change.operation,
        },
        "committed",
      );
      return reply.snapshot;
    case "lost":
      throw new LeaseLostError(runtime.store.previewIdOf(lease.scope));
    case "condemned":
    case "occupied":
      return undefined;
  }
}

/** The preview runs and answers; the claim ends. Answers what was written, with the time that it took. */
export async function commitRunning(
  runtime: Runtime,
  lease: Lease,
  how: {
    readonly sandbox: RunningSandbox;
    readonly port: number;
    readonly cameBack: CameBack;
    readonly revision?: string;
    readonly requestId?: string;
  },
): Promise<Snapshot> {
  const { sandbox, port } = how;
  const snapshot = await runtime.store.renewLease(lease, { phase: "answer" });
  const { now, record } = snapshot;
  const tookMs = now - (record.claimedAt ?? now);
  const isRenewal = record.reason === "renewal";
  const isRenewed = isRenewal && how.cameBack === "resumed";
  return commit(runtime, lease, {
    operation: "running",
    claim: "release",
    become: "running",
    ...(isRenewal ? { reason: isRenewed ? "renewed" : "renewed-restarted" } : {}),
    set: {
      sandboxId: sandbox.sandboxId,
      runStartedAt: sandbox.startedAt,
      endsAt: sandbox.endsAt,
      port,
      cameBack: how.cameBack,
      readyBy: lease.leaseId,
      // With "ready" goes a first sign of life: the next beat need not send another.
      emittedAt: now,
      // Nobody waited for a renewal, so it is no use and no wait; who had it before still has it.
      ...(isRenewed ? { renewedAt: now, renewTookMs: tookMs } : { readyAt: now, tookMs }),
      ...(how.revision ? { revision: how.revision } : {}),
    },
    // The seal was for the pause that is over: from here on the files change as they like.
    remove: ["pausedAt", "restartId", "runCapAt", "sealHash", "safeAt", "keptUntil", "damagedAt"],
    check: "when-running",
    ...(how.requestId ? { requestId: how.requestId } : {}),
  });
}

/** The sandbox that the record named is gone, and running is wanted: a new start begins under the same claim. */
export function loseSandbox(runtime: Runtime, lease: Lease, sandboxId: SandboxId): Promise<Snapshot> {
  return commit(runtime, lease, {
    operation: `lost-${sandboxId}`,
    claim: "hold",
    become: "starting",
    reason: "sandbox-gone",
    set: { bootId: runtime.random.hex(6) },
    remove: [...sandboxFields, "pausedAt", "generation", "sealHash", "safeAt", "damagedAt"],
    check: { inMs: runtime.policy.leaseMs },
  });
}

/**
 * The sandbox is gone; the preview is rebuilt when somebody opens it. What is wanted is left as it is: the caller wrote
 * it with the claim, and somebody may have returned since.
 */
export function commitExpired(runtime: Runtime, lease: Lease, reason: Reason): Promise<Snapshot> {
  return commit(runtime, lease, {
    operation: "expired",
    claim: "release",
    become: "expired",
    reason,
    remove: [...sandboxFields, ...ofTheSandbox],
    check: "never",
  });
}

/** Paused with memory kept; the claim ends. What is wanted is left as it is, for the same reason. */
export function commitPaused(
  runtime: Runtime,
  lease: Lease,
  paused: {
    readonly reason: Reason;
    readonly pausedAt: number;
    /** Of the seal that was taken just before; absent when the pause was not ours. */
    readonly sealHash?: string | undefined;
    /** Every file in it is in the product's hands. */
    readonly isSafe?: boolean;
  },
): Promise<Snapshot> {
  return commit(runtime, lease, {
    operation: "paused",
    claim: "release",
    become: "paused",
    reason: paused.reason,
    set: {
      pausedAt: paused.pausedAt,
      ...(paused.sealHash ? { sealHash: paused.sealHash } : {}),
      ...(paused.isSafe ? { safeAt: paused.pausedAt } : {}),
    },
    remove: [...(paused.sealHash ? [] : ["sealHash"]), ...(paused.isSafe ? [] : ["safeAt"])],
    endedAt: paused.pausedAt,
    check: "never",
  });
}

/**
 * The start or resume failed: the record says so first, then the sandbox is paused, so that it bills no further and its
 * log stays. A resume that the services failed leaves the preview paused, its memory still there; one in which the
 * project's server does not come up is a failed start, since only a boot with the project's files of then can mend it.
 * A worker that dies between the two leaves a sandbox that the sweep pauses.
 */
export async function fail(
  runtime: Runtime,
  lease: Lease,
  reason: Reason,
  requestId?: string,
): Promise<Snapshot> {
  const { record, now } = await runtime.store.renewLease(lease, { phase: "tidy" });
  const isMemoryGood = record.state === "resuming" && !serverReasons.has(reason);
  // Nobody asked for this way back and nobody may know of it, so who is there need not ask either: a later look tries
  // again, for as long as the preview counts as used.
  const isOurs = record.reason === "renewal" || record.reason === "interrupted";
  const isTriedAgain = isMemoryGood && isOurs && now < idleAt(record, runtime.policy);
  const failed = await commit(runtime, lease, {
    operation: "failed",
    claim: "hold",
    become: isMemoryGood ? "paused" : "failed",
    reason,
    wanted: isTriedAgain ? "running" : "resting",
    ...(isMemoryGood ? { set: { pausedAt: now } } : {}),
    remove: ofThePause(record),
    ...(requestId ? { requestId } : {}),
    ...(isMemoryGood || !permanentReasons.has(reason) ? {} : { failure: reason }),
    check: { inMs: runtime.policy.leaseMs },
  });
  return rest(runtime, lease, failed);
}

/**
 * The sandbox of a failed start or resume could not be paused, since its provider does not answer. The record says
 * already how it ended, so the claim is given up, and who tries again need not wait for its end; the sweep pauses what
 * still runs, and before it the provider's own timeout does. @throws LeaseLostError
 */
export async function giveUpTidying(runtime: Runtime, lease: Lease): Promise<Snapshot> {
  const snapshot = await runtime.store.renewLease(lease, { phase: "tidy" });
  const { state } = snapshot.record;
  if (state !== "failed" && state !== "paused") return snapshot;
  return leaveUntidied(runtime, lease);
}

function leaveUntidied(runtime: Runtime, lease: Lease): Promise<Snapshot> {
  return commit(runtime, lease, {
    operation: "left-untidied",
    claim: "release",
    mayRunOn: true,
    check: { inMs: runtime.policy.healAfterMs },
  });
}

/** What another start of the same project would meet as well: its own doing, or a provider that will not have it. */
const permanentReasons: ReadonlySet<Reason> = new Set([
  "no-recipe",
  "install-failed",
  "server-exited",
  "port-never-opened",
  "provider-refused",
]);

/** What the project's own server did, as opposed to the services around it. */
const serverReasons: ReadonlySet<Reason> = new Set(["server-exited", "port-never-opened"]);

/**
 * What was true of the last pause and is not of this one: its processes may have run since the seal was taken. One that is
 * known to be damaged keeps its seal, or the next way back would take it for intact.
 */
const ofThePause = ({ damagedAt }: PreviewRecord): string[] =>
  damagedAt === undefined ? ["sealHash", "safeAt"] : ["safeAt"];

/** Pauses the sandbox of a preview whose state already says that it rests, and ends the claim. */
export async function rest(runtime: Runtime, lease: Lease, resting: Snapshot): Promise<Snapshot> {
  const sandboxId = sandboxOf(resting.record);
  if (resting.isEverythingHeld) return leaveUntidied(runtime, lease);
  const left = sandboxId ? await runtime.sandboxes.pause(sandboxId) : "gone";
  if (left === "gone" && resting.record.state === "paused")
    return commitExpired(runtime, lease, "sandbox-gone");
  return commit(runtime, lease, {
    operation: "rested",
    claim: "release",
    remove: [...(left === "gone" ? sandboxFields : []), ...ofThePause(resting.record)],
    check: "never",
  });
}
