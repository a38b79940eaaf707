/**
 * Owns previews that run or rest, without the boot and the pause that brought them there, for scenarios of many and for an
 * operation alone. It must leave what the functions would have left: a sandbox with its labels, and a record that names
 * it. Fails as the store does.
 */
import { parseLeaseId, type SandboxId, type Scope, sandboxIdSchema } from "@/lib/ids";
import type { Commit, Lease } from "@/lib/store/store";
import type { World } from "./world";

/** Its server answers as the world's probes say; nobody is there and nothing is sealed. */
export async function brought(world: World, of: Scope, known: Commit["set"] = {}): Promise<SandboxId> {
  const { store, cloud, runtime } = world;
  const leaseId = parseLeaseId(`seed-${of.projectId}-${of.userId}`);
  const { startedAt, endAt, ...view } = await cloud.create({
    templateId: "base",
    timeoutSeconds: 600,
    onTimeout: "pause",
    metadata: { app: runtime.appId, env: runtime.environment, previewId: store.previewIdOf(of), ...of },
  });
  const sandboxId = sandboxIdSchema.parse(view.sandboxId);
  const started = granted(await store.claim(of, { kind: "open", leaseId, isByPerson: false, bootId: "b" }));
  await store.commit(started, {
    operation: "up",
    claim: "release",
    become: "running",
    set: { sandboxId, runStartedAt: startedAt, endsAt: endAt, port: 3000, ...known },
    check: "when-running",
  });
  return sandboxId;
}

export async function rested(world: World, of: Scope, known: Commit["set"] = {}): Promise<SandboxId> {
  const { store, cloud } = world;
  const leaseId = parseLeaseId(`seed-${of.projectId}-${of.userId}`);
  const sandboxId = await brought(world, of, known);
  await cloud.pause(sandboxId);
  const pausing = granted(await store.claim(of, { kind: "pause", leaseId, isForced: true, reason: "left" }));
  await store.commit(pausing, {
    operation: "rest",
    claim: "release",
    become: "paused",
    set: { pausedAt: world.clock.now() },
    check: "never",
  });
  return sandboxId;
}

/** @throws when the claim was not granted. */
export function granted(reply: { readonly kind: string; readonly lease?: Lease }): Lease {
  if (!reply.lease) throw new Error(`the claim was answered with "${reply.kind}"`);
  return reply.lease;
}
