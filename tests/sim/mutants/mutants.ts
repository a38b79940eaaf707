/**
 * Owns the list of all mutants: known-bad variants of what ships, each a promise given up on purpose. It must never hold
 * one that differs from another by name only.
 */
import type { Mutant } from "./change";
import { ofClaims } from "./of-claims";
import { ofSandboxes } from "./of-sandboxes";
import { ofUse } from "./of-use";

export const mutants: readonly Mutant[] = [...ofClaims, ...ofSandboxes, ...ofUse];

/** @throws for a name that is none */
export function mutantOf(name: string): Mutant {
  const mutant = mutants.find((each) => each.name === name);
  if (!mutant) throw new Error(`there is no mutant "${name}"`);
  return mutant;
}
