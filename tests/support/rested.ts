/**
 * Owns previews that rest, without the boot and the pause that brought them there, for scenarios of many. It must leave
 * what the functions would have left: a paused sandbox with its labels, and a record that names it. Fails as the store does.
 */
import { parseLeaseId, type SandboxId, type Scope, sandboxIdSchema } from "@/lib/ids";
import type { Lease } from "@/lib/store/store";
import type { World } from "./world";

export async function rested(world: World, of: Scope): Promise<SandboxId> {
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
    set: { sandboxId, runStartedAt: startedAt, endsAt: endAt, port: 3000 },
    check: "when-running",
  });
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

function granted(reply: { readonly kind: string; readonly lease?: Lease }): Lease {
  if (!reply.lease) throw new Error(`the claim was answered with "${reply.kind}"`);
  return reply.lease;
}
