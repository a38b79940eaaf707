/**
 * Owns one seed: a world, the people in it, what disturbs them, the healing, and what the rules found. The same seed is the
 * same history, by the hash of its trace. It must never go on after the first violation: what follows from it tells nothing.
 */
import { sleep } from "@/lib/clock";
import { parseScope, type Scope } from "@/lib/ids";
import { settlePromises } from "./kernel/sim-clock";
import { sites, sitesOfLayer2 } from "./kernel/sites";
import { putLayer1 } from "./layer-1/layer-1";
import { putLayer2 } from "./layer-2/layer-2";
import { workNowAndThen } from "./people/agents";
import { damageNowAndThen, disturbNowAndThen, settleVersion } from "./people/disturbances";
import { haveAHardTime } from "./people/hard-times";
import { nowAndThen } from "./people/now-and-then";
import { operateNowAndThen, operateTowards, operateUntilDone, undoEverything } from "./people/operators";
import { ask, visitAgainAndAgain } from "./people/visits";

import { watchByAllRules } from "./rules/all-rules";
import { isAnyUnderWay } from "./rules/at-the-end";
import type { Told } from "./rules/telling";
import type { Violation, Watch } from "./rules/watch";
import { profiles } from "./world/profiles";
import { createWorld, startAt, type World } from "./world/world";

const MINUTE = 60_000;
const UNDOING_MS = 20_000;

export interface SeedResult {
  readonly seed: number;
  readonly profile: string;
  readonly violations: readonly Violation[];
  readonly hash: string;
  readonly simulatedMs: number;
  readonly calls: ReadonlyMap<string, number>;
  readonly faults: ReadonlyMap<string, number>;
  readonly events: number;
  readonly moves: ReadonlyMap<string, number>;
  readonly reasons: ReadonlyMap<string, number>;
  readonly refusals: ReadonlyMap<string, number>;
  readonly longestOrphanMs: number;
  readonly plan: unknown;
  readonly lines: readonly string[];
}

export interface SeedOptions {
  readonly layer: 1 | 2;
  readonly keptLines?: number;
}

export async function runSeed(seed: number, { layer, keptLines = 0 }: SeedOptions): Promise<SeedResult> {
  const profile = profiles[seed % profiles.length];
  if (!profile) throw new Error("there is no profile");
  const ofLayer = layer === 2 ? { ownSites: sitesOfLayer2.length, hasOwnCrons: true } : {};
  const world = await createWorld({ seed, profile, settle: settlePromises, keptLines, ...ofLayer });
  if (layer === 1) return playSeed(world, putLayer1(world).bus, layer);
  const { bus, end } = await putLayer2(world);
  try {
    return await playSeed(world, bus, layer);
  } finally {
    end();
  }
}

/** What a layer lets an operator do with the events that there were. */
interface Events {
  readonly past: readonly Told[];
  replayOne(): void;
}

async function playSeed(world: World, bus: Events, layer: 1 | 2): Promise<SeedResult> {
  const { seed, profile } = world;
  const scopes = scopesOf(world);
  const present: Scope[] = [];
  const { seen, longestOrphanMs } = watchByAllRules(world, { scopes, present, layer, past: () => bus.past });
  const play: Play = (until) =>
    world.clock.runUntil(until, seen.look, () => seen.violations.length > 0 || world.troubles.length > 0);
  await play(disturb(world, scopes, () => bus.replayOne()));
  if (seen.violations.length === 0) await heal(world, seen, present, play);
  const troubles = world.troubles.map((what): Violation => ({ rule: "threw", what, at: world.clock.now() }));
  return {
    seed,
    profile: profile.name,
    violations: [...troubles, ...seen.violations],
    hash: world.trace.hash(),
    simulatedMs: world.clock.now() - startAt,
    calls: world.calls.made,
    faults: world.calls.befallen,
    events: bus.past.length,
    moves: seen.moves,
    reasons: seen.reasons,
    refusals: world.refusals,
    longestOrphanMs: longestOrphanMs(),
    plan: world.plannedFaults,
    lines: world.trace.lines,
  };
}

type Play = (until: number) => Promise<void>;

/** Begins all that happens to a world before it is healed, and answers when that is. */
function disturb(world: World, scopes: readonly Scope[], replayOne: () => void): number {
  const { dice, profile, policy } = world;
  // What a hard time leads to takes longer than most seeds last.
  const isHard = dice.happens(0.2);
  const chaosMs = dice.between(...profile.chaosMs) + (isHard ? 5 * MINUTE : 0);
  const peopleLeaveAt = startAt + Math.round(chaosMs);
  populate(world, scopes, peopleLeaveAt, replayOne);
  if (isHard) world.begin(haveAHardTime(world, dice.pick(scopes), peopleLeaveAt));
  // What goes to rest when nobody is there any more meets faults as well.
  return peopleLeaveAt + (dice.happens(0.6) ? policy.idleAfterMs + MINUTE : 0);
}

/** Nothing goes wrong any more; some people come back, into `present`, and stay, until all has come to rest or runs. */
async function heal(world: World, seen: Watch, present: Scope[], play: Play): Promise<void> {
  const { clock, dice, profile } = world;
  const { scopes } = seen;
  world.heal();
  for (const scope of scopes) await settleVersion(world, scope);
  world.begin(undoEverything(world));
  // Where the next one is an hour away; what happened to a sandbox that rests is told by nothing else here.
  const [any] = scopes;
  if (any && profile.auditEveryMs > world.healingMs) world.begin(operateUntilDone(world, "audit", any));
  await play(clock.now() + UNDOING_MS);
  for (const scope of scopes) if (dice.happens(0.5)) present.push(scope);
  for (const scope of present) world.begin(stay(world, scope));
  await play(clock.now() + world.healingMs);
  await playUntilSettled(world, seen, play);
  await seen.healed();
}

/** A renewal may be under way just then; what is under way for longer than a claim and two sweeps is stuck. */
async function playUntilSettled(world: World, seen: Watch, play: Play): Promise<void> {
  const latest = world.clock.now() + world.policy.leaseMs + 2 * world.sweepEveryMs;
  while (seen.violations.length === 0 && isAnyUnderWay(seen) && world.clock.now() < latest)
    await play(world.clock.now() + 5_000);
}

/** Of a few projects and users. */
function scopesOf({ dice, profile }: World): Scope[] {
  const all = [
    parseScope("p1", "u1"),
    parseScope("p2", "u1"),
    parseScope("p1", "u2"),
    parseScope("p3", "u1"),
    parseScope("p2", "shared"),
  ];
  return all.slice(0, dice.pick(profile.previews));
}

function populate(world: World, scopes: readonly Scope[], until: number, replayOne: () => void): void {
  const { dice } = world;
  for (const scope of scopes) {
    const viewers = dice.pick([1, 1, 1, 2]);
    for (let viewer = 1; viewer <= viewers; viewer += 1) {
      world.begin(
        visitAgainAndAgain(
          world,
          { scope, viewerId: `v${viewer}-${scope.projectId}-${scope.userId}` },
          until,
        ),
      );
    }
    if (dice.happens(0.4)) world.begin(workNowAndThen(world, scope, until));
  }
  if (dice.happens(0.6)) world.begin(operateNowAndThen(world, scopes, dice.between(0.5, 4) * MINUTE, until));
  if (dice.happens(0.6)) world.begin(disturbNowAndThen(world, scopes, dice.between(1, 6) * MINUTE, until));
  if (dice.happens(0.2)) world.begin(damageNowAndThen(world, scopes, until));
  if (dice.happens(0.4)) world.begin(nowAndThen(world, [0.2 * MINUTE, 4 * MINUTE], until, replayOne));
  const favoured = sites[world.plannedFaults.favourite.site] ?? "";
  world.begin(operateTowards(world, favoured, scopes, until) ?? Promise.resolve());
}

const atRest: ReadonlySet<string> = new Set(["paused", "expired", "absent"]);

/** Somebody who comes and stays, for as long as anybody looks. */
async function stay(world: World, scope: Scope): Promise<void> {
  const visitor = { scope, viewerId: `stays-${scope.projectId}-${scope.userId}` };
  while ((await ask(world, visitor, "open")) === undefined) await sleep(world.clock, 5_000);
  for (;;) {
    await sleep(world.clock, world.policy.idleAfterMs * 0.6);
    const view = await ask(world, visitor, "beat");
    // What a person does at a page that says that it rests.
    if (view && atRest.has(view.state)) await ask(world, visitor, "open");
  }
}
