/**
 * Owns the list of all mutants: known-bad variants of what ships, each a promise given up on purpose. It must never hold
 * one that differs from another by name only. Those that the simulator has not found out yet stand apart: they are played
 * by name only, and are what it is blind to.
 */
import type { Mutant } from "./change";
import { ofClaims } from "./of-claims";
import { ofSandboxes } from "./of-sandboxes";
import { ofUse } from "./of-use";

const all: readonly Mutant[] = [...ofClaims, ...ofSandboxes, ...ofUse];

/**
 * Not found out in 150 seeds on 2026-11-24; nobody has played them through 5,000. The sleeps were, at seeds 51 and 101, as
 * long as seeds drew otherwise.
 */
export const blindSpots: readonly string[] = [
  "sleeps-until-local-time",
  "no-condemn",
  "failed-pause-believed",
  "emission-slot-not-returned",
];

export const mutants: readonly Mutant[] = all.filter(({ name }) => !blindSpots.includes(name));

/** One of all, those that are played by name only as well. @throws for a name that is none */
export function mutantOf(name: string): Mutant {
  const mutant = all.find((each) => each.name === name);
  if (!mutant) throw new Error(`there is no mutant "${name}"`);
  return mutant;
}
