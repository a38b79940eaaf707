/**
 * Owns chance in a simulation: everything that is drawn comes from one seeded source, so that a seed is a whole history.
 * It must never be drawn from by what only looks (rules, traces), or looking would change what is looked at. Cannot fail.
 */
import type { Random } from "@/lib/random";

export interface Dice {
  /** True so often: 0 is never, 1 is always. */
  happens(probability: number): boolean;
  /** A number in [least, most). */
  between(least: number, most: number): number;
  /** Many short ones and few long ones, below `most`. */
  mostlyShort(most: number): number;
  pick<T>(items: readonly T[]): T;
}

export function diceOf(random: Random): Dice {
  const between = (least: number, most: number) => least + random.fraction() * (most - least);
  return {
    happens: (probability) => random.fraction() < probability,
    between,
    mostlyShort: (most) => most * random.fraction() ** 4,
    pick(items) {
      const found = items[Math.floor(random.fraction() * items.length)];
      if (found === undefined) throw new Error("nothing to pick from");
      return found;
    },
  };
}
