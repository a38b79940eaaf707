/**
 * Owns I2: we never destroy a sandbox that a record names, nor one in which work stands that is nowhere else, unless a
 * person asked for exactly that.
 */
import { keysOf } from "@/lib/store/keys";
import { environment, type World } from "../world/world";
import { nameOf, type Rule, type Watch } from "./watch";

export function workIsKept(world: World, watch: Watch): Rule {
  const killed: string[] = [];
  return {
    name: "I2",
    changed({ sandbox: { sandboxId }, change }) {
      if (change.kind === "killed" && change.killReason !== "unknown") killed.push(sandboxId);
    },
    async moment() {
      for (const sandboxId of killed.splice(0)) {
        await lookForReferences(world, watch, sandboxId);
        lookForWork(world, watch, sandboxId);
      }
    },
  };
}

/** Where a person asked for it to be forgotten, the record still names it while it goes; but no record can any more. */
async function lookForReferences(world: World, watch: Watch, sandboxId: string): Promise<void> {
  for (const scope of watch.scopes) {
    if (watch.records.get(nameOf(scope))?.sandboxId !== sandboxId) continue;
    const condemnedKey = keysOf(environment, scope).all[3];
    if ((await world.redis.command("SISMEMBER", condemnedKey, sandboxId)) !== 1)
      watch.report("I2", `${sandboxId} was killed while ${nameOf(scope)} names it`);
  }
}

function lookForWork(world: World, watch: Watch, sandboxId: string): void {
  for (const piece of world.work.pieces) {
    const { projectId, userId } = piece.scope;
    if (piece.sandboxId !== sandboxId || wasAskedFor(world, projectId, userId)) continue;
    // A later piece in the same file has taken its place.
    const isNewest =
      world.work.pieces.findLast(
        ({ path, scope }) => path === piece.path && nameOf(scope) === nameOf(piece.scope),
      ) === piece;
    if (isNewest && !world.products.of(projectId).everSaved().has(piece.text))
      watch.report(
        "I2",
        `${sandboxId} was killed with ${piece.text} of ${nameOf(piece.scope)} in it, which is nowhere else`,
      );
  }
}

const destroying = ["kill", "forget", "forgetUser"];

/** `kill` saves what can be saved, and is a person's word all the same. */
const wasAskedFor = (world: World, projectId: string, userId: string): boolean =>
  world.asks.some(
    ({ name, scope }) =>
      destroying.includes(name) &&
      scope.userId === userId &&
      (name === "forgetUser" || scope.projectId === projectId),
  );
