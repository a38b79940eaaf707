/**
 * Owns the rhythm of whoever acts now and then until a time: a wait, an act, and again. It must never act after that time.
 */
import { sleep } from "@/lib/clock";
import type { World } from "../world/world";

/** The next wait begins when the act has ended. */
export async function nowAndThen(
  { clock, dice }: World,
  everyMs: readonly [least: number, most: number],
  until: number,
  act: () => unknown,
): Promise<void> {
  while (clock.now() < until) {
    await sleep(clock, dice.between(...everyMs));
    if (clock.now() < until) await act();
  }
}
