/**
 * Owns how a boot gets its sandbox: the one that the record names, else one of this preview's that was left behind, and
 * only then a new one, since E2B's create has no idempotency key. At most one is ever named in the record: whatever
 * comes too late is marked and destroyed, or paused. It must never wake or destroy what is not marked or named first.
 * Fails closed with catalogue errors; `LeaseLostError` when another worker has taken over.
 */
import { CreatingStoppedError, LeaseLostError, ProviderBusyError, SandboxGoneError } from "@/lib/errors";
import type { SandboxId } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { RunningSandbox, SandboxLabels } from "@/lib/sandbox/port";
import type { Lease } from "@/lib/store/store";
import { currentRevision } from "@/lib/workspace/files";
import { readPreviewFile } from "@/lib/workspace/preview-file";
import { type PreviewRecord, type Snapshot, sandboxOf } from "../record";
import { runningFirst } from "./candidates";
import { filesSource } from "./files-source";
import { commit, commitUnlessRefused, loseSandbox } from "./settle";

export interface Acquired {
  readonly sandboxId: SandboxId;
  /** Created: an empty sandbox. Adopted: one with this preview's labels. Kept: the one that the record names. */
  readonly how: "created" | "adopted" | "kept";
  /** What runs in it is the preview as it was paused: files and dependencies are there. */
  readonly isResume: boolean;
}

/**
 * A running sandbox of this preview, named by the record when this returns. The one that the record names is kept;
 * else one with this preview's labels is adopted; only then is one created, because E2B's create has no idempotency key.
 */
export async function acquireSandbox(runtime: Runtime, lease: Lease): Promise<Acquired> {
  const snapshot = await runtime.store.renewLease(lease, { phase: "sandbox" });
  const named = sandboxOf(snapshot.record);
  const kept = named && (await connectTo(runtime, lease, named, "kept", undefined));
  if (kept) return kept;
  const newest = await currentRevision(filesSource(runtime), lease.scope.projectId);
  const { adopted: found, highestEpoch } = await adopt(runtime, lease, snapshot);
  const adopted = found && (await connectTo(runtime, lease, found, "adopted", newest));
  if (adopted) return adopted;
  const ticket = `t${runtime.random.hex(12)}`;
  // Once more before what cannot be undone by repeating it: a worker that was overtaken creates nothing.
  const { isCreatingStopped } = await runtime.store.beginCreate(lease, ticket);
  if (isCreatingStopped) throw new CreatingStoppedError();
  const labels = labelsOf(runtime, lease, {
    revision: newest,
    epoch: Math.max(lease.epoch, highestEpoch + 1),
    ticket,
  });
  const created = await runtime.sandboxes.create(labels, runtime.policy.keepAliveMs);
  await nameCreated(runtime, lease, created, highestEpoch + 1);
  return { sandboxId: created.sandboxId, how: "created", isResume: false };
}

/**
 * Names a new sandbox in the record. One that comes too late (another attempt's is named, or another worker has taken
 * over) was never committed, so it is marked and destroyed at once. @throws LeaseLostError, ProviderBusyError
 */
async function nameCreated(
  runtime: Runtime,
  lease: Lease,
  created: RunningSandbox,
  epoch: number,
): Promise<void> {
  let refusal: unknown = new ProviderBusyError("name a new sandbox");
  try {
    if (await nameSandbox(runtime, lease, created, epoch)) return;
  } catch (error) {
    if (!(error instanceof LeaseLostError)) throw error;
    refusal = error;
  }
  if (await runtime.store.condemn(lease.scope, created.sandboxId)) {
    await runtime.sandboxes.kill(created.sandboxId);
  }
  throw refusal;
}

/** The sandbox that the record names, running; undefined when it is gone, and then the record names none any more. */
async function connectTo(
  runtime: Runtime,
  lease: Lease,
  named: SandboxId,
  how: "adopted" | "kept",
  newest: string | undefined,
): Promise<Acquired | undefined> {
  try {
    const sandbox = await runtime.sandboxes.connect(named, runtime.policy.keepAliveMs);
    const { record } = await commitSandbox(runtime, lease, sandbox);
    const isResume = isUnknown(record, how)
      ? await recall(runtime, lease, sandbox.sandboxId, newest)
      : record.state === "resuming";
    return { sandboxId: sandbox.sandboxId, how, isResume };
  } catch (error) {
    if (!(error instanceof SandboxGoneError)) throw error;
    await loseSandbox(runtime, lease, named);
    return undefined;
  }
}

/** The record was made anew from labels, and does not know what is in the sandbox that it names. */
function isUnknown(record: PreviewRecord, how: "adopted" | "kept"): boolean {
  if (record.state === "resuming") return record.port === undefined;
  return record.state === "starting" && (how === "adopted" || record.filesFor === undefined);
}

/**
 * A sandbox in which a preview has come to run is gone on with, its memory kept; in any other the boot begins with the
 * files. True when it is a resume.
 */
async function recall(
  runtime: Runtime,
  lease: Lease,
  sandboxId: SandboxId,
  newest: string | undefined,
): Promise<boolean> {
  const known = await readPreviewFile(runtime.sandboxes, sandboxId);
  const { now, record } = await runtime.store.renewLease(lease, {});
  if (known) {
    const { port, bootId, revision, generation } = known;
    await commit(runtime, lease, {
      operation: `recalled-${sandboxId}`,
      claim: "hold",
      become: "resuming",
      set: {
        port,
        bootId,
        filesFor: bootId,
        ...(revision === undefined ? {} : { revision }),
        ...(generation === undefined ? {} : { generation }),
        // What the product asked to be brought meanwhile is forgotten with the record.
        ...(newest === undefined || revision === newest ? {} : { syncAskedAt: now }),
      },
      check: { inMs: runtime.policy.leaseMs },
    });
    return true;
  }
  if (record.state !== "resuming") return false;
  await commit(runtime, lease, {
    operation: `unknown-${sandboxId}`,
    claim: "hold",
    become: "starting",
    reason: "requested",
    set: { bootId: runtime.random.hex(6) },
    check: { inMs: runtime.policy.leaseMs },
  });
  return false;
}

interface Adopting {
  readonly adopted?: SandboxId;
  /** Of all that the provider knows: what is made from now on has to be above it. */
  readonly highestEpoch: number;
}

/**
 * Names the best of this preview's sandboxes in the record, before it is woken: one that is condemned never is. One that
 * runs comes before one that rests, for somebody may be in it; what was made before the preview was forgotten is the
 * audit's to remove.
 */
async function adopt(
  runtime: Runtime,
  lease: Lease,
  { record: { forgottenEpoch = 0 }, isEverythingHeld = false }: Snapshot,
): Promise<Adopting> {
  const previewId = runtime.store.previewIdOf(lease.scope);
  const { appId: app, environment: env } = runtime;
  const all = await runtime.sandboxes.find({ app, env, previewId });
  const highestEpoch = Math.max(0, ...all.map(({ epoch }) => epoch));
  let adopted: SandboxId | undefined;
  for (const found of runningFirst(all.filter(({ epoch }) => epoch > forgottenEpoch))) {
    if (!adopted && (await nameSandbox(runtime, lease, found, highestEpoch))) {
      adopted = found.sandboxId;
      continue;
    }
    // Nothing is paused while an operator looks: the audit finds it afterwards.
    if (isEverythingHeld) continue;
    // What a lost answer left behind: marked first, so that no late worker commits it; paused, so that it costs nothing.
    if (found.state === "running" && (await runtime.store.condemn(lease.scope, found.sandboxId))) {
      await runtime.sandboxes.pause(found.sandboxId);
    }
  }
  return { highestEpoch, ...(adopted ? { adopted } : {}) };
}

/** False when it was condemned, or when the record names another by now. */
async function nameSandbox(
  runtime: Runtime,
  lease: Lease,
  { sandboxId, startedAt, endsAt }: RunningSandbox,
  epoch: number,
): Promise<boolean> {
  const committed = await commitUnlessRefused(runtime, lease, {
    operation: `named-${sandboxId}`,
    claim: "hold",
    mustBeFree: true,
    set: {
      sandboxId,
      runStartedAt: startedAt,
      endsAt,
      // Writes were lost since: the next claim is above all that was ever given.
      ...(epoch > lease.epoch ? { epochFloor: epoch } : {}),
    },
    remove: ["pausedAt"],
    check: { inMs: runtime.policy.leaseMs },
  });
  return committed !== undefined;
}

function commitSandbox(runtime: Runtime, lease: Lease, sandbox: RunningSandbox): Promise<Snapshot> {
  return commit(runtime, lease, {
    operation: `sandbox-${sandbox.sandboxId}-${sandbox.startedAt}`,
    claim: "hold",
    set: { sandboxId: sandbox.sandboxId, runStartedAt: sandbox.startedAt, endsAt: sandbox.endsAt },
    remove: ["pausedAt"],
    check: { inMs: runtime.policy.leaseMs },
  });
}

function labelsOf(
  runtime: Runtime,
  { scope }: Lease,
  made: { readonly revision: string; readonly epoch: number; readonly ticket: string },
): SandboxLabels {
  return {
    app: runtime.appId,
    env: runtime.environment,
    previewId: runtime.store.previewIdOf(scope),
    projectId: scope.projectId,
    userId: scope.userId,
    epoch: String(made.epoch),
    revision: made.revision,
    v: "1",
    ticket: made.ticket,
  };
}
