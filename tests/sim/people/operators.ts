/**
 * Owns operators and the product around the previews: switches, suspensions, rests, kills, forgetting, adopting, replays of
 * old events, audits, newer files. Every act is one that the command line or the product's code can do. It must never
 * leave a switch turned on past the end of the disturbances.
 */
import { sleep } from "@/lib/clock";
import type { Scope } from "@/lib/ids";
import type { Rekindle } from "@/lib/rekindle";
import { latestMs } from "../kernel/faults";
import type { Asked, World } from "../world/world";
import { nowAndThen } from "./now-and-then";

const SECOND = 1_000;

type Act = (rekindle: Rekindle, scope: Scope) => Promise<unknown>;

const who = { on: true, by: "operator", why: "a look" } as const;

/** By name, for the trace and the counts. Those that come in pairs are undone when the disturbances end. */
const acts: Readonly<Record<string, Act>> = {
  list: ({ operator }) => operator.list(),
  listUser: ({ operator }, { userId }) => operator.list({ userId }),
  find: ({ operator }, { projectId }) => operator.find(projectId),
  show: ({ operator }, scope) => operator.show(scope),
  explain: (rekindle, scope) => rekindle.explain(scope),
  status: (rekindle, scope) => rekindle.status(scope),
  open: ({ operator }, scope) => operator.open(scope),
  pause: ({ operator }, scope) => operator.pause(scope),
  kill: ({ operator }, scope) => operator.kill(scope),
  extend: ({ operator }, scope) => operator.extend(scope),
  sweep: ({ operator }) => operator.sweep(),
  audit: ({ operator }) => operator.audit(),
  auditDry: ({ operator }) => operator.audit({ isDryRun: true }),
  holdEverything: ({ operator }) => operator.turn("hold-everything", who),
  goOn: ({ operator }) => operator.turn("hold-everything", { on: false }),
  stopCreating: ({ operator }) => operator.turn("stop-creating", who),
  createAgain: ({ operator }) => operator.turn("stop-creating", { on: false }),
  suspend: ({ operator }, { userId }) => operator.suspend(userId, "operator", "a look"),
  unsuspend: ({ operator }, { userId }) => operator.unsuspend(userId),
  forget: ({ operator }, scope) => operator.forget(scope),
  forgetUser: ({ operator }, { userId }) => operator.forget({ userId }),
  sync: (rekindle, scope) => rekindle.sync(scope),
  save: (rekindle, scope) => rekindle.save(scope),
  requestSweep: (rekindle) => rekindle.requestSweep(),
};

const undoneBy: Readonly<Record<string, string>> = {
  holdEverything: "goOn",
  stopCreating: "createAgain",
  suspend: "unsuspend",
};
const undoing = Object.values(undoneBy);

/** What leads to calls that are rare otherwise: a seed whose faults favour one of them has it asked for all the time. */
const actsTowards: Readonly<Record<string, readonly string[]>> = {
  "redis.ask-sync": ["sync"],
  "redis.audit-page": ["audit", "auditDry"],
  "redis.audit-unseen": ["audit", "auditDry"],
  "redis.fleet-state": ["list"],
  "redis.forget-begin": ["forget"],
  "redis.forget-end": ["forget"],
  "redis.forget-user": ["forgetUser"],
  "redis.history": ["explain"],
  "redis.named": ["find"],
  "redis.page-of-all": ["list"],
  "redis.page-of-set": ["listUser"],
  "redis.preview-lines": ["listUser"],
  "redis.record-count": ["audit"],
  "redis.sandboxes-of": ["forget"],
  "redis.suspend": ["suspend", "unsuspend"],
  "redis.suspension": ["show"],
  "redis.turn-switch": ["goOn"],
  "redis.unsuspend": ["unsuspend"],
  "redis.user-projects": ["forgetUser"],
  "sandboxes.count": ["audit"],
  "sandboxes.kill": ["kill", "forget"],
  "sandboxes.listPage": ["auditDry"],
  "sandboxes.snapshotsOf": ["forget"],
  "files.forget": ["forget"],
  "files.revision": ["sync"],
};

/** Undefined where the rest of the world makes the call often enough. */
export function operateTowards(
  world: World,
  site: string,
  scopes: readonly Scope[],
  until: number,
): Promise<void> | undefined {
  const towards = actsTowards[site];
  return (
    towards &&
    nowAndThen(world, [2 * SECOND, 25 * SECOND], until, () =>
      operate(world, world.dice.pick(towards), world.dice.pick(scopes)),
    )
  );
}

export function operateNowAndThen(
  world: World,
  scopes: readonly Scope[],
  everyMs: number,
  until: number,
): Promise<void> {
  const { dice } = world;
  return nowAndThen(world, [0.2 * everyMs, 1.8 * everyMs], until, async () => {
    const scope = dice.pick(scopes);
    if (dice.happens(0.2)) world.products.edit(scope.projectId);
    await operate(world, dice.pick(Object.keys(acts)), scope);
    if (dice.happens(0.5)) await operate(world, dice.pick(undoing), scope);
  });
}

export async function operate(world: World, name: string, scope: Scope): Promise<boolean> {
  const act = acts[name];
  if (!act) throw new Error(`no operator can ${name}`);
  world.trace.note(`operator ${name} ${scope.projectId}/${scope.userId}`);
  world.asked(name, scope);
  const ended = await world.run(({ rekindle }) => act(rekindle, scope));
  if (ended.kind === "threw") world.refused(name, ended.error);
  return ended.kind === "answered";
}

/** Whatever was switched or suspended is not any more; nor is what was asked before and is only done after that. */
export async function undoEverything(world: World): Promise<void> {
  const toUndo = new Map<string, Asked>();
  for (const asked of world.asks)
    if (undoneBy[asked.name]) toUndo.set(`${asked.name} ${asked.scope.userId}`, asked);
  if (toUndo.size === 0) return;
  const undo = async () => {
    for (const { name, scope } of toUndo.values())
      await operateUntilDone(world, String(undoneBy[name]), scope);
  };
  await undo();
  await sleep(world.clock, latestMs);
  await undo();
}

/** Asked until it was answered. */
export async function operateUntilDone(world: World, name: string, scope: Scope): Promise<void> {
  while (!(await operate(world, name, scope))) await sleep(world.clock, SECOND);
}
