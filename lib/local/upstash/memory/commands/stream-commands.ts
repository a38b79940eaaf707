/**
 * Owns the few commands about streams that a capped history needs: XADD, XLEN, XRANGE, XREVRANGE.
 * `MAXLEN ~ n` trims exactly: Redis may keep more with `~`, so nobody can rely on either. Trimming by MINID and LIMIT
 * are not here and say so. A stream that trimming has emptied stays, as in Redis.
 */
import type { Bytes } from "../../bytes";
import { array, bytesArray, bytesReply, integer, nil, type Reply } from "../../reply";
import { type Args, at, parseInteger } from "../arguments";
import { CommandError, syntaxError } from "../command-error";
import type { Keyspace } from "../keyspace";
import { formatId, nextId, readRange, readWantedId, type WantedId, zeroId } from "../stream-ids";
import type { StreamEntry } from "../values";
import type { Handlers } from "./handler";

export const streamCommands: Handlers = {
  XADD(keys, args) {
    const { mayCreate, maxLength, id: wanted, fields } = readXadd(args.slice(1));
    const key = at(args, 0);
    const existing = keys.find(key, "stream");
    if (existing === undefined && !mayCreate) return nil;
    const id = nextId(wanted, keys.nowMs, existing?.lastId ?? zeroId);
    // Not before: a refused id leaves no empty stream behind.
    const stream = existing ?? keys.findOrCreate(key, { kind: "stream", entries: [], lastId: zeroId });
    const { entries } = stream;
    stream.lastId = id;
    entries.push({ ...id, fields });
    if (maxLength !== undefined && entries.length > maxLength) entries.splice(0, entries.length - maxLength);
    return bytesReply(formatId(id));
  },

  XLEN: (keys, args) => integer(keys.find(at(args, 0), "stream")?.entries.length ?? 0),
  XRANGE: (keys, args) => readEntries(keys, args, "oldest-first"),
  XREVRANGE: (keys, args) => readEntries(keys, args, "newest-first"),
};

interface Xadd {
  readonly mayCreate: boolean;
  readonly maxLength: number | undefined;
  readonly id: WantedId;
  readonly fields: Args;
}

/** Options come in any order; the first argument that is none is the id. */
function readXadd(args: Args): Xadd {
  let mayCreate = true;
  let maxLength: number | undefined;
  let rest = args;
  for (;;) {
    const [word = "", ...after] = rest;
    switch (after.length === 0 ? "" : word.toUpperCase()) {
      case "NOMKSTREAM":
        mayCreate = false;
        rest = after;
        break;
      case "MAXLEN": {
        if (maxLength !== undefined) throw bothTrims();
        const [count = "", ...others] = isTrimSign(after) ? after.slice(1) : after;
        maxLength = readMaxLength(count);
        rest = others;
        break;
      }
      case "MINID":
      case "LIMIT":
        throw new CommandError(`ERR the in-process engine has no XADD with ${word}`);
      default:
        return { mayCreate, maxLength, ...readEntry(rest) };
    }
  }
}

const isTrimSign = ([sign, ...more]: Args): boolean => (sign === "~" || sign === "=") && more.length > 0;

function readMaxLength(text: Bytes): number {
  const maxLength = parseInteger(text);
  if (maxLength < 0) throw new CommandError("ERR The MAXLEN argument must be >= 0.");
  return maxLength;
}

function readEntry(args: Args): Pick<Xadd, "id" | "fields"> {
  const [wanted, ...fields] = args;
  if (wanted === undefined) throw wrongNumber();
  const id = readWantedId(wanted);
  if (fields.length === 0 || fields.length % 2 !== 0) throw wrongNumber();
  if (id.kind === "whole" && formatId(id.id) === formatId(zeroId)) {
    throw new CommandError("ERR The ID specified in XADD must be greater than 0-0");
  }
  return { id, fields };
}

const wrongNumber = (): CommandError => new CommandError("ERR wrong number of arguments for 'xadd' command");
const bothTrims = (): CommandError =>
  new CommandError("ERR syntax error, MAXLEN and MINID options at the same time are not compatible");

function readEntries(keys: Keyspace, args: Args, order: "oldest-first" | "newest-first"): Reply {
  const isReversed = order === "newest-first";
  const isWithin = readRange(at(args, isReversed ? 2 : 1), at(args, isReversed ? 1 : 2));
  const count = readCount(args.slice(3));
  const entries = keys.find(at(args, 0), "stream")?.entries;
  if (entries === undefined) return array([]);
  if (count === 0) return nil;
  const found = entries.filter(isWithin);
  return array((isReversed ? found.reverse() : found).slice(0, count).map(present));
}

const present = (entry: StreamEntry): Reply => array([bytesReply(formatId(entry)), bytesArray(entry.fields)]);

/** undefined for all. */
function readCount(args: Args): number | undefined {
  if (args.length === 0) return undefined;
  if (args.length !== 2 || at(args, 0).toUpperCase() !== "COUNT") throw syntaxError();
  return Math.max(0, parseInteger(at(args, 1)));
}
