/**
 * Owns people with a browser: they come, work, look away, lose their connection, close the page or just vanish, and come
 * back, several to a preview. Whatever the route answers, they try again as a pane does. It must never do what a pane could
 * not.
 */
import { sleep } from "@/lib/clock";
import type { Scope } from "@/lib/ids";
import type { PreviewView } from "@/lib/preview/view";
import type { World } from "../world/world";
import { nowAndThen } from "./now-and-then";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** What somebody at a page knows, and does. */
export interface Visitor {
  readonly scope: Scope;
  readonly viewerId: string;
}

/** Until the time given; the page is closed by then or simply gone. */
export async function visitAgainAndAgain(world: World, visitor: Visitor, until: number): Promise<void> {
  const { clock, dice } = world;
  await sleep(clock, dice.mostlyShort(3 * MINUTE));
  while (clock.now() < until) {
    await visit(world, visitor, Math.min(until, clock.now() + dice.between(20 * SECOND, 6 * MINUTE)));
    await sleep(clock, dice.pick([5 * SECOND, 40 * SECOND, 2 * MINUTE, 5 * MINUTE]) * dice.between(0.5, 1.5));
  }
}

export async function visit(world: World, visitor: Visitor, until: number): Promise<void> {
  const { clock, dice, trace } = world;
  trace.note(`${visitor.viewerId} comes to ${visitor.scope.projectId}/${visitor.scope.userId}`);
  if (!(await openPatiently(world, visitor))) return;
  while (clock.now() < until) {
    const isAwayMs = dice.happens(0.12) ? awayMs(world) : world.policy.beatEveryMs * dice.pick([1, 1.5]);
    await sleep(clock, isAwayMs);
    await ask(world, visitor, "beat");
  }
  if (dice.happens(0.7)) await ask(world, visitor, "leave");
}

/** Somebody who does not believe that it takes so long, and loads the page anew whenever it does not run. */
export function reloadAgainAndAgain(world: World, visitor: Visitor, until: number): Promise<void> {
  let isRunning = false;
  return nowAndThen(world, [5 * SECOND, 20 * SECOND], until, async () => {
    const view = await ask(world, visitor, isRunning ? "beat" : "open");
    isRunning = view?.state === "running";
  });
}

/** Often just until it counts as idle: who decides that and who comes back meet then. */
const awayMs = ({ dice, policy }: World): number =>
  dice.happens(0.6) ? policy.idleAfterMs * dice.between(0.98, 1.06) : dice.between(MINUTE, 4 * MINUTE);

/** A few clicks; false when nobody ever answered. */
async function openPatiently(world: World, visitor: Visitor): Promise<boolean> {
  for (let click = 0; click < 4; click += 1) {
    if (await ask(world, visitor, "open")) return true;
    await sleep(world.clock, world.dice.between(2 * SECOND, 20 * SECOND));
  }
  return false;
}

/** The route's answer; undefined when it failed, which a pane shows and lives with. */
export async function ask(
  world: World,
  { scope, viewerId }: Visitor,
  what: "open" | "beat" | "leave",
): Promise<PreviewView | undefined> {
  const begunAt = world.clock.now();
  const beaten = what === "beat" ? world.told?.beat(scope) : undefined;
  const ended = await world.run(({ rekindle }) => rekindle[what]({ ...scope, viewerId }));
  beaten?.(ended.kind === "answered");
  if (ended.kind === "threw") world.refused(what, ended.error);
  if (ended.kind !== "answered") return undefined;
  if (what === "beat") world.signs?.accepted(scope, begunAt);
  return ended.value;
}
