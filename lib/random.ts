/**
 * Owns randomness: one injected source, so that a test with a seed gets the same lease ids and jitter each time.
 * It must never be used for secrets when seeded; the system source is cryptographic. Cannot fail.
 */
import { randomBytes } from "node:crypto";

export interface Random {
  /** Lower-case hexadecimal text of `byteCount` random bytes. */
  hex(byteCount: number): string;
  /** A number in [0, 1). */
  fraction(): number;
}

export const systemRandom: Random = {
  hex: (byteCount) => randomBytes(byteCount).toString("hex"),
  fraction: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
};

/** The same sequence for the same seed (mulberry32); for tests and simulations only, never for keys. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  const fraction = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const byte = () =>
    Math.floor(fraction() * 256)
      .toString(16)
      .padStart(2, "0");
  return { fraction, hex: (byteCount) => Array.from({ length: byteCount }, byte).join("") };
}

/** Draws once from `random`; from then on what draws from one never shifts what the other gives. Never for keys. */
export function derivedRandom(random: Random): Random {
  return seededRandom(Math.floor(random.fraction() * 2 ** 32));
}
