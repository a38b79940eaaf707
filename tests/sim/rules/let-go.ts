/**
 * Owns what becomes of sandboxes that were given up for good, and of runs that ended: the first are gone after two audits
 * at the latest, should whoever was to kill them have died, and the second are not counted on in the user's ledger.
 */
import { type Scope, sandboxIdSchema } from "@/lib/ids";
import { keysOf } from "@/lib/store/keys";
import { environment, startAt, type World } from "../world/world";
import { nameOf, type Rule, type Watch } from "./watch";

/** Their places among the keys of every script. */
const USER = 12;
const SANDBOX = 18;

export function letGoIsGone(world: World, watch: Watch): Rule {
  const waitMs = 2 * world.profile.auditEveryMs + world.policy.orphanGraceMs;

  async function lookAt(scope: Scope, id: string): Promise<void> {
    const key = keysOf(environment, scope, sandboxIdSchema.parse(id)).all[SANDBOX];
    const at = Number((await world.redis.command("HGET", String(key), "letGoAt")) ?? Number.NaN);
    if (world.clock.now() - at > waitMs)
      watch.report("let-go", `${id} was given up ${at - startAt} ms in, and is there`);
  }

  async function isOpen({ projectId, userId }: Scope): Promise<boolean> {
    const key = keysOf(environment, { projectId, userId }).all[USER];
    return (await world.redis.command("HEXISTS", String(key), `run:${projectId}`)) === 1;
  }

  async function lookAtAll(scope: Scope): Promise<void> {
    for (const { sandboxId, metadata } of world.cloud.views())
      if (metadata.projectId === scope.projectId && metadata.userId === scope.userId)
        await lookAt(scope, sandboxId);
  }

  async function lookAtLedger(scope: Scope): Promise<void> {
    const { state = "absent", leaseId } = watch.records.get(nameOf(scope)) ?? {};
    const isAtRest = leaseId === undefined && ["absent", "paused", "expired"].includes(state);
    if (isAtRest && (await isOpen(scope)))
      watch.report("ledger", `${nameOf(scope)} is ${state}, and its run is still counted`);
  }

  return {
    name: "let-go",
    async healed() {
      if (world.losses.count > 0) return;
      for (const scope of watch.scopes) {
        await lookAtAll(scope);
        await lookAtLedger(scope);
      }
    },
  };
}
