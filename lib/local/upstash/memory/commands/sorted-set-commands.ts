/** Owns the commands that write sorted sets or read one member; ranges are in sorted-set-ranges.ts. */
import { bytesOrNil, bytesReply, integer, nil, type Reply } from "../../reply";
import { type Args, at, formatScore, pairs, parseScore } from "../arguments";
import { CommandError, syntaxError } from "../command-error";
import type { Handlers } from "./handler";

export const sortedSetCommands: Handlers = {
  ZADD(keys, args) {
    const { flags, rest } = readZaddFlags(args.slice(1));
    if (rest.length === 0 || rest.length % 2 !== 0) throw syntaxError();
    // Every score is read before anything is written, so that a bad one changes nothing.
    const entries = pairs(rest).map(([score, member]) => ({ score: parseScore(score), member }));
    if (flags.has("INCR") && entries.length > 1) {
      throw new CommandError("ERR INCR option supports a single increment-element pair");
    }
    const key = at(args, 0);
    const existing = keys.find(key, "zset");
    if (existing === undefined && flags.has("XX")) return flags.has("INCR") ? nil : integer(0);
    const { scores } = existing ?? keys.findOrCreate(key, { kind: "zset", scores: new Map() });
    return writeScores(scores, entries, flags);
  },

  ZREM(keys, args) {
    const key = at(args, 0);
    const scores = keys.find(key, "zset")?.scores;
    const removed = args.slice(1).filter((member) => scores?.delete(member)).length;
    if (scores?.size === 0) keys.remove(key);
    return integer(removed);
  },

  ZSCORE(keys, args) {
    const score = keys.find(at(args, 0), "zset")?.scores.get(at(args, 1));
    return bytesOrNil(score === undefined ? undefined : formatScore(score));
  },

  ZCARD: (keys, args) => integer(keys.find(at(args, 0), "zset")?.scores.size ?? 0),
};

type ZaddFlag = "NX" | "XX" | "GT" | "LT" | "CH" | "INCR";
const zaddFlags: ReadonlySet<string> = new Set<ZaddFlag>(["NX", "XX", "GT", "LT", "CH", "INCR"]);

function readZaddFlags(args: Args): { flags: Set<string>; rest: Args } {
  const flags = new Set<string>();
  let index = 0;
  for (; zaddFlags.has((args[index] ?? "").toUpperCase()); index += 1) {
    flags.add(at(args, index).toUpperCase());
  }
  const exclusive = ["NX", "GT", "LT"].filter((flag) => flags.has(flag)).length;
  if (exclusive > 1) {
    throw new CommandError("ERR GT, LT, and/or NX options at the same time are not compatible");
  }
  if (flags.has("NX") && flags.has("XX")) {
    throw new CommandError("ERR XX and NX options at the same time are not compatible");
  }
  return { flags, rest: args.slice(index) };
}

function writeScores(
  scores: Map<string, number>,
  entries: readonly { score: number; member: string }[],
  flags: ReadonlySet<string>,
): Reply {
  let added = 0;
  let updated = 0;
  let incremented: Reply = nil;
  for (const { score, member } of entries) {
    const current = scores.get(member);
    const next = flags.has("INCR") ? (current ?? 0) + score : score;
    if (Number.isNaN(next)) throw new CommandError("ERR resulting score is not a number (NaN)");
    if (!mayWrite(current, next, flags)) continue;
    scores.set(member, next);
    if (current === undefined) added += 1;
    else if (current !== next) updated += 1;
    incremented = bytesReply(formatScore(next));
  }
  if (flags.has("INCR")) return incremented;
  return integer(flags.has("CH") ? added + updated : added);
}

/** GT and LT let new members in; they only hold back changes of existing ones. */
function mayWrite(current: number | undefined, next: number, flags: ReadonlySet<string>): boolean {
  if (current === undefined) return !flags.has("XX");
  if (flags.has("NX")) return false;
  if (flags.has("GT")) return next > current;
  return flags.has("LT") ? next < current : true;
}
