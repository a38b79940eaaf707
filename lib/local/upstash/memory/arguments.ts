/**
 * Owns reading a command's arguments the way Redis does: strict decimal integers, scores with infinities and
 * exclusive bounds, options by name in any case. Fails closed with Redis's own error texts.
 */
import type { Bytes } from "../bytes";
import { CommandError, notAnInteger, syntaxError } from "./command-error";

export type Args = readonly Bytes[];

/** The argument at `index`; the list of allowed commands has already checked how many there are. */
export function at(args: Args, index: number): Bytes {
  const value = args[index];
  if (value === undefined) throw syntaxError();
  return value;
}

/** Redis takes 64 bits; beyond 2^53 this engine refuses rather than rounds. */
export function parseInteger(bytes: Bytes): number {
  if (!/^(0|-?[1-9]\d*)$/.test(bytes)) throw notAnInteger();
  const value = Number(bytes);
  if (!Number.isSafeInteger(value)) throw notAnInteger();
  return value;
}

export function parseScore(bytes: Bytes): number {
  const score = readFloat(bytes);
  if (score === undefined) throw new CommandError("ERR value is not a valid float");
  return score;
}

export interface ScoreBound {
  readonly score: number;
  readonly exclusive: boolean;
}

export function parseScoreBound(bytes: Bytes): ScoreBound {
  const exclusive = bytes.startsWith("(");
  const score = readFloat(exclusive ? bytes.slice(1) : bytes);
  if (score === undefined) throw new CommandError("ERR min or max is not a float");
  return { score, exclusive };
}

function readFloat(bytes: Bytes): number | undefined {
  if (/^[+-]?inf(inity)?$/i.test(bytes)) return bytes.startsWith("-") ? -Infinity : Infinity;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(bytes)) return undefined;
  return Number(bytes);
}

/** As Redis prints a score: integers plainly, other values with the fewest digits that read back the same. */
export function formatScore(score: number): Bytes {
  if (score === Infinity) return "inf";
  if (score === -Infinity) return "-inf";
  return String(score);
}

/** Consecutive pairs, for `HSET key f v f v` and the like. */
export function pairs(args: Args): [Bytes, Bytes][] {
  const found: [Bytes, Bytes][] = [];
  for (let index = 0; index < args.length; index += 2) found.push([at(args, index), at(args, index + 1)]);
  return found;
}
