/**
 * Owns the commands over ranges of a sorted set, in Redis's order: by score, then by the members' bytes.
 * Ranges by lexical order are not part of what the project uses and are a syntax error.
 */
import { bytesArray, integer, type Reply } from "../../reply";
import { type Args, at, formatScore, parseInteger, parseScoreBound, type ScoreBound } from "../arguments";
import { CommandError, syntaxError } from "../command-error";
import type { Keyspace } from "../keyspace";
import type { Handlers } from "./handler";

type Entry = readonly [member: string, score: number];

export const sortedSetRanges: Handlers = {
  ZCOUNT: (keys, args) => integer(anyWithinScores(keys, args).length),

  ZRANGEBYSCORE(keys, args) {
    const options = readRangeOptions(args.slice(3), ["WITHSCORES", "LIMIT"]);
    return present(limit(withinScores(keys, args), options), options);
  },

  ZREMRANGEBYSCORE(keys, args) {
    const key = at(args, 0);
    const doomed = anyWithinScores(keys, args);
    const scores = keys.find(key, "zset")?.scores;
    for (const [member] of doomed) scores?.delete(member);
    if (scores?.size === 0) keys.remove(key);
    return integer(doomed.length);
  },

  ZRANGE(keys, args) {
    const options = readRangeOptions(args.slice(3), ["BYSCORE", "REV", "WITHSCORES", "LIMIT"]);
    if (!options.byScore) return rangeByRank(keys, args, options);
    // Reversed, the range is given from the highest score down.
    const [min, max] = options.reversed ? [at(args, 2), at(args, 1)] : [at(args, 1), at(args, 2)];
    const found = withinScores(keys, [at(args, 0), min, max]);
    return present(limit(options.reversed ? found.reverse() : found, options), options);
  },
};

function rangeByRank(keys: Keyspace, args: Args, options: RangeOptions): Reply {
  // A count of -1 is no limit to Redis, wherever it stands.
  if (options.limit !== undefined && options.limit.count !== -1) {
    throw new CommandError(
      "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
    );
  }
  const [start, stop] = [parseInteger(at(args, 1)), parseInteger(at(args, 2))];
  const entries = ordered(keys, args);
  return present(sliceByIndex(options.reversed ? entries.reverse() : entries, start, stop), options);
}

const ordered = (keys: Keyspace, args: Args): Entry[] =>
  inOrder([...(keys.find(at(args, 0), "zset")?.scores ?? [])]);

const inOrder = (entries: Entry[]): Entry[] =>
  entries.sort(([a, aScore], [b, bScore]) => {
    if (aScore !== bScore) return aScore < bScore ? -1 : 1;
    return a < b ? -1 : 1;
  });

const withinScores = (keys: Keyspace, args: Args): Entry[] => inOrder(anyWithinScores(keys, args));

/** In no order. */
function anyWithinScores(keys: Keyspace, args: Args): Entry[] {
  const min = parseScoreBound(at(args, 1));
  const max = parseScoreBound(at(args, 2));
  const found: Entry[] = [];
  for (const entry of keys.find(at(args, 0), "zset")?.scores ?? []) {
    if (isAtLeast(entry[1], min) && isAtMost(entry[1], max)) found.push(entry);
  }
  return found;
}

const isAtLeast = (score: number, bound: ScoreBound): boolean =>
  bound.exclusive ? score > bound.score : score >= bound.score;

const isAtMost = (score: number, bound: ScoreBound): boolean =>
  bound.exclusive ? score < bound.score : score <= bound.score;

interface RangeOptions {
  byScore: boolean;
  reversed: boolean;
  withScores: boolean;
  limit?: { readonly offset: number; readonly count: number };
}

function readRangeOptions(args: Args, allowed: readonly string[]): RangeOptions {
  const options: RangeOptions = { byScore: false, reversed: false, withScores: false };
  for (let index = 0; index < args.length; index += 1) {
    const name = at(args, index).toUpperCase();
    if (!allowed.includes(name)) throw syntaxError();
    if (name === "BYSCORE") options.byScore = true;
    else if (name === "REV") options.reversed = true;
    else if (name === "WITHSCORES") options.withScores = true;
    else {
      options.limit = {
        offset: parseInteger(at(args, index + 1)),
        count: parseInteger(at(args, index + 2)),
      };
      index += 2;
    }
  }
  return options;
}

/** A negative count means "all that follow"; a negative offset answers nothing. */
function limit(entries: readonly Entry[], options: RangeOptions): readonly Entry[] {
  if (options.limit === undefined) return entries;
  const { offset, count } = options.limit;
  if (offset < 0) return [];
  return entries.slice(offset, count < 0 ? undefined : offset + count);
}

/** Both ends are included; negative ones count from the end. */
function sliceByIndex(entries: readonly Entry[], start: number, stop: number): readonly Entry[] {
  const from = Math.max(0, start < 0 ? entries.length + start : start);
  const to = stop < 0 ? entries.length + stop : stop;
  return to < from ? [] : entries.slice(from, to + 1);
}

function present(entries: readonly Entry[], options: RangeOptions): Reply {
  return bytesArray(
    entries.flatMap(([member, score]) => (options.withScores ? [member, formatScore(score)] : [member])),
  );
}
