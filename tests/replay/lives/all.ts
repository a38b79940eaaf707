/** Owns the list of all lives that are recorded. A life that is not here is not recorded. */
import { healingLives } from "./healing";
import type { Life } from "./life";
import { openingLives } from "./opening";
import { restingLives } from "./resting";
import { servingLives } from "./serving";

export const lives: readonly Life[] = [...openingLives, ...restingLives, ...healingLives, ...servingLives];
