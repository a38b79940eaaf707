/** Owns the list of all lives, and which of the functions that ship are under test in none of them. Pure. */

import type { Life } from "./life";
import { livesOfHealing } from "./lives-of-healing";
import { livesOfOpening } from "./lives-of-opening";
import { livesOfResting } from "./lives-of-resting";

export const lives: readonly Life[] = [...livesOfOpening, ...livesOfResting, ...livesOfHealing];

/** @throws for one that there is not */
export function lifeNamed(name: string): Life {
  const life = lives.find((each) => each.name === name);
  if (!life)
    throw new Error(`there is no life "${name}"; there are ${lives.map((each) => each.name).join(", ")}`);
  return life;
}

export const functionsWithoutLife = (ids: readonly string[]): string[] =>
  ids.filter((id) => !lives.some(({ underTest }) => underTest.includes(id)));
