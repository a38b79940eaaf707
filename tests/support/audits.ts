/**
 * Owns audits in virtual time, as an operator or the cron has them, and sandboxes that stand at the provider without a
 * record. It must never write to Redis itself.
 */
import { parseScope, type Scope } from "@/lib/ids";
import { type AuditReport, audit } from "@/lib/preview/operations/audit";
import { MINUTE, SECOND, scope, type World } from "./world";

let passes = 0;

/** One pass, and what follows from it in the next moments; whom it finds to be looked at is looked at. */
export async function auditNow(world: World, options: { isDryRun?: boolean } = {}): Promise<AuditReport> {
  passes += 1;
  const report = await world.finish(() =>
    audit(world.runtime, {
      passId: `pass-${passes}`,
      ...options,
      told: (_soFar, looks) => {
        for (const { projectId, userId } of looks)
          world.emit("preview/check.due", { data: { projectId, userId } });
      },
    }),
  );
  await world.advance(10 * SECOND);
  return report;
}

/** As if a create had been answered to nobody: with labels of the scope's, and whatever else. */
export async function strayOf(
  world: World,
  labels: Readonly<Record<string, string>> = {},
  of: Scope = scope,
): Promise<string> {
  const { sandboxId } = await world.cloud.create({
    templateId: "base",
    timeoutSeconds: 960,
    onTimeout: "pause",
    metadata: {
      app: "rekindle",
      env: "test",
      previewId: world.store.previewIdOf(of),
      projectId: of.projectId,
      userId: of.userId,
      epoch: "1",
      revision: "r1",
      v: "1",
      ...labels,
    },
  });
  return sandboxId;
}

export const stateOf = (world: World, sandboxId: string) =>
  world.sandboxes().find((view) => view.sandboxId === sandboxId)?.state ?? "gone";

export const scopeOf = (project: string): Scope => parseScope(project, "u1");

/** Longer than an orphan is left alone, and shorter than the provider's own timeout of a stray. */
export const pastGrace = (world: World) => world.advance(world.policy.orphanGraceMs + 20 * SECOND);

export const HALF_HOUR = 30 * MINUTE;
