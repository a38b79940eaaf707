/**
 * Owns what the provider holds or tells in a life without our doing: a sandbox of the product's own, one that nobody names,
 * and the event of a change. It must never do what the fault model does not have.
 */
import type { Scope } from "@/lib/ids";
import { environment } from "@/tests/sim/world/world";
import type { Stage } from "./stage";

/** One that the product made by itself, without our labels, with a server that answers. */
export async function productsOwn({ world, wait }: Stage): Promise<void> {
  const { sandboxId } = await world.cloud.create({
    templateId: "base",
    timeoutSeconds: 300,
    onTimeout: "pause",
  });
  world.machines.startJob(sandboxId, "theirs", "start.sh");
  await wait(5_000);
}

/** As if a create had been answered to nobody. */
export async function stray({ world, record }: Stage, scope: Scope): Promise<void> {
  const previewId = world.anyRuntime().store.previewIdOf(scope);
  await world.cloud.create({
    templateId: "base",
    timeoutSeconds: 600,
    onTimeout: "pause",
    metadata: {
      app: "rekindle",
      env: environment,
      previewId,
      projectId: scope.projectId,
      userId: scope.userId,
      epoch: record(scope).epoch ?? "1",
      revision: "r1",
      v: "1",
    },
  });
}

/** What E2B tells of a change that it made by itself just now. */
export const changeOf = (stage: Stage, scope: Scope, type: string) => ({
  ...scope,
  sandboxId: stage.sandboxOf(scope),
  type,
  at: stage.world.clock.now(),
});
