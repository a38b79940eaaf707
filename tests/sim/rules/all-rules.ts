/**
 * Owns which rules a seed is held to: all of them, on both layers, but for what a layer cannot know. It must never weaken one.
 */
import type { Scope } from "@/lib/ids";
import type { World } from "../world/world";
import { recordsAgreeAtTheEnd } from "./at-the-end";
import { onlyWhatWasSeen } from "./believed";
import { claimsAreHeeded } from "./claims";
import { callsStayWithinBudget, orphansEnd, placesAreNotGivenTwice } from "./cost";
import { letGoIsGone } from "./let-go";
import { listedBeforeMade } from "./listed";
import { signsOfLife } from "./resting";
import { onlyTheSuspendedRest } from "./suspended";
import { historyIsWhole, oneWarningEach, type Told } from "./telling";
import { signsAreTold } from "./told";
import { type Watch, watch } from "./watch";
import { workIsKept } from "./work-kept";
import { epochsGrow, movesAreLegal, oneSandboxEach } from "./writing";

export interface Watched {
  readonly scopes: readonly Scope[];
  /** Where somebody is at the end; filled by then. */
  readonly present: readonly Scope[];
  readonly layer: 1 | 2;
  /** Every event that was taken. */
  readonly past: () => readonly Told[];
}

export function watchByAllRules(
  world: World,
  { scopes, present, layer, past }: Watched,
): { readonly seen: Watch; readonly longestOrphanMs: () => number } {
  let longestOrphanMs = () => 0;
  const seen = watch(world, scopes, (self) => {
    const orphans = orphansEnd(world, self);
    longestOrphanMs = orphans.longestMs;
    const wasRolledBack = () => world.losses.count > 0;
    const signs = signsOfLife(world, self);
    world.signs = signs;
    const told = signsAreTold(world, self, past);
    // The SDK of the second layer tries a send again by itself, and answers its beat only then.
    if (layer === 1) world.told = told;
    return [
      oneSandboxEach(self),
      epochsGrow(self, wasRolledBack),
      movesAreLegal(self, wasRolledBack),
      workIsKept(world, self),
      signs.rule,
      onlyTheSuspendedRest(world, self),
      told.rule,
      claimsAreHeeded(world, self),
      onlyWhatWasSeen(world, self),
      listedBeforeMade(world, self),
      letGoIsGone(world, self),
      orphans,
      placesAreNotGivenTwice(world, self),
      oneWarningEach(self, past),
      historyIsWhole(world, self),
      callsStayWithinBudget(world, self, scopes.length),
      recordsAgreeAtTheEnd(world, self, { scopes: present }),
    ];
  });
  return { seen, longestOrphanMs: () => longestOrphanMs() };
}
