/** Owns the list of all lives, and that every function that ships is under test in one of them. */

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
