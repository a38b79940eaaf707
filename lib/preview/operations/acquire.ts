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
import { type Snapshot, sandboxOf } from "../record";
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
  const kept = named && (await connectTo(runtime, lease, named, "kept"));
  if (kept) return kept;
  const revision = await currentRevision(filesSource(runtime), lease.scope.projectId);
  const labels = labelsOf(runtime, lease, revision);
  const found = await adopt(runtime, lease, labels);
  const adopted = found && (await connectTo(runtime, lease, found, "adopted"));
  if (adopted) return adopted;
  // Once more before what cannot be undone by repeating it: a worker that was overtaken creates nothing.
  const { isCreatingStopped } = await runtime.store.renewLease(lease, {});
  if (isCreatingStopped) throw new CreatingStoppedError();
  const created = await runtime.sandboxes.create(labels, runtime.policy.keepAliveMs);
  await nameCreated(runtime, lease, created);
  return { sandboxId: created.sandboxId, how: "created", isResume: false };
}

/**
 * Names a new sandbox in the record. One that comes too late (another attempt's is named, or another worker has taken
 * over) was never committed, so it is marked and destroyed at once. @throws LeaseLostError, ProviderBusyError
 */
async function nameCreated(runtime: Runtime, lease: Lease, created: RunningSandbox): Promise<void> {
  let refusal: unknown = new ProviderBusyError("name a new sandbox");
  try {
    if (await nameSandbox(runtime, lease, created)) return;
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
): Promise<Acquired | undefined> {
  try {
    const sandbox = await runtime.sandboxes.connect(named, runtime.policy.keepAliveMs);
    const { record } = await commitSandbox(runtime, lease, sandbox);
    return { sandboxId: sandbox.sandboxId, how, isResume: record.state === "resuming" };
  } catch (error) {
    if (!(error instanceof SandboxGoneError)) throw error;
    await loseSandbox(runtime, lease, named);
    return undefined;
  }
}

/** Names the best of this preview's sandboxes in the record, before it is woken: one that is condemned never is. */
async function adopt(runtime: Runtime, lease: Lease, labels: SandboxLabels): Promise<SandboxId | undefined> {
  const { app, env, previewId } = labels;
  let adopted: SandboxId | undefined;
  for (const found of await runtime.sandboxes.find({ app, env, previewId })) {
    if (!adopted && (await nameSandbox(runtime, lease, found))) {
      adopted = found.sandboxId;
      continue;
    }
    // What a lost answer left behind: marked first, so that no late worker commits it; paused, so that it costs nothing.
    if (found.state === "running" && (await runtime.store.condemn(lease.scope, found.sandboxId))) {
      await runtime.sandboxes.pause(found.sandboxId);
    }
  }
  return adopted;
}

/** False when it was condemned, or when the record names another by now. */
async function nameSandbox(
  runtime: Runtime,
  lease: Lease,
  { sandboxId, startedAt, endsAt }: RunningSandbox,
): Promise<boolean> {
  const committed = await commitUnlessRefused(runtime, lease, {
    operation: `named-${sandboxId}`,
    claim: "hold",
    mustBeFree: true,
    set: { sandboxId, runStartedAt: startedAt, endsAt },
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

function labelsOf(runtime: Runtime, lease: Lease, revision: string): SandboxLabels {
  return {
    app: runtime.appId,
    env: runtime.environment,
    previewId: runtime.store.previewIdOf(lease.scope),
    projectId: lease.scope.projectId,
    userId: lease.scope.userId,
    epoch: String(lease.epoch),
    revision,
    v: "1",
  };
}
