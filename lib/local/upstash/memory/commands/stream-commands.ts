/**
 * Owns the few commands about streams that a capped history needs: XADD, XLEN, XRANGE, XREVRANGE.
 * `MAXLEN ~ n` trims exactly: Redis may keep more with `~`, so nobody can rely on either.
 */
import { array, bytesArray, bytesReply, integer, nil, type Reply } from "../../reply";
import { type Args, at, parseInteger } from "../arguments";
import { CommandError, syntaxError } from "../command-error";
import type { StreamEntry, StreamId } from "../keyspace";
import type { Handlers } from "./handler";

const noId: StreamId = { ms: 0, seq: 0 };

export const streamCommands: Handlers = {
  XADD(keys, args) {
    const options = readXaddOptions(args.slice(1));
    const key = at(args, 0);
    const existing = keys.find(key, "stream");
    if (existing === undefined && !options.mayCreate) return nil;
    const id = nextId(options.id, keys.nowMs, existing?.lastId ?? noId);
    // Not before: a refused id leaves no empty stream behind.
    const stream = existing ?? keys.findOrCreate(key, { kind: "stream", entries: [], lastId: noId });
    const { entries } = stream;
    stream.lastId = id;
    entries.push({ ...id, fields: options.fields });
    if (options.maxLength !== undefined && entries.length > options.maxLength) {
      entries.splice(0, entries.length - options.maxLength);
    }
    return bytesReply(formatId(id));
  },

  XLEN: (keys, args) => integer(keys.find(at(args, 0), "stream")?.entries.length ?? 0),

  XRANGE(keys, args) {
    const count = readCount(args);
    const found = between(keys.find(at(args, 0), "stream")?.entries, at(args, 1), at(args, 2));
    return present(found, count);
  },

  XREVRANGE(keys, args) {
    const count = readCount(args);
    const found = between(keys.find(at(args, 0), "stream")?.entries, at(args, 2), at(args, 1));
    return present(found?.reverse(), count);
  },
};

interface XaddOptions {
  readonly mayCreate: boolean;
  readonly maxLength?: number;
  readonly id: StreamId | "*";
  readonly fields: Args;
}

function readXaddOptions(args: Args): XaddOptions {
  let index = 0;
  let mayCreate = true;
  let trim: { maxLength?: number } = {};
  if (at(args, index).toUpperCase() === "NOMKSTREAM") {
    mayCreate = false;
    index += 1;
  }
  if (at(args, index).toUpperCase() === "MAXLEN") {
    index += /^[~=]$/.test(at(args, index + 1)) ? 2 : 1;
    const maxLength = parseInteger(at(args, index));
    if (maxLength < 0) throw new CommandError("ERR The MAXLEN argument must be >= 0.");
    trim = { maxLength };
    index += 1;
  }
  const fields = args.slice(index + 1);
  if (fields.length === 0 || fields.length % 2 !== 0) {
    throw new CommandError("ERR wrong number of arguments for 'xadd' command");
  }
  const id = at(args, index);
  return { mayCreate, ...trim, id: id === "*" ? id : parseId(id, 0), fields };
}

function nextId(wanted: StreamId | "*", nowMs: number, last: StreamId): StreamId {
  if (wanted === "*") {
    const ms = Math.floor(nowMs);
    return ms > last.ms ? { ms, seq: 0 } : { ms: last.ms, seq: last.seq + 1 };
  }
  if (compareIds(wanted, last) <= 0) {
    throw new CommandError(
      "ERR The ID specified in XADD is equal or smaller than the target stream top item",
    );
  }
  return wanted;
}

function parseId(text: string, missingSeq: number): StreamId {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  if (match?.[1] === undefined) {
    throw new CommandError("ERR Invalid stream ID specified as stream command argument");
  }
  return { ms: Number(match[1]), seq: match[2] === undefined ? missingSeq : Number(match[2]) };
}

const formatId = ({ ms, seq }: StreamId): string => `${ms}-${seq}`;

const compareIds = (a: StreamId, b: StreamId): number => a.ms - b.ms || a.seq - b.seq;

type Within = (id: StreamId) => boolean;

/** Both ends are read before the entries are, so that a bad one is refused whatever the key holds. */
function between(
  entries: readonly StreamEntry[] | undefined,
  start: string,
  end: string,
): StreamEntry[] | undefined {
  const isAfterStart = startBound(start);
  const isBeforeEnd = endBound(end);
  return entries?.filter((entry) => isAfterStart(entry) && isBeforeEnd(entry));
}

function startBound(start: string): Within {
  if (start === "-") return () => true;
  const exclusive = start.startsWith("(");
  const id = parseId(exclusive ? start.slice(1) : start, 0);
  return (entry) => (exclusive ? compareIds(entry, id) > 0 : compareIds(entry, id) >= 0);
}

function endBound(end: string): Within {
  if (end === "+") return () => true;
  const exclusive = end.startsWith("(");
  const id = parseId(exclusive ? end.slice(1) : end, Number.MAX_SAFE_INTEGER);
  return (entry) => (exclusive ? compareIds(entry, id) < 0 : compareIds(entry, id) <= 0);
}

function present(entries: readonly StreamEntry[] | undefined, count: number | undefined): Reply {
  if (entries === undefined) return array([]);
  if (count === 0) return nil;
  return array(
    entries.slice(0, count).map((entry) => array([bytesReply(formatId(entry)), bytesArray(entry.fields)])),
  );
}

function readCount(args: Args): number | undefined {
  if (args.length === 3) return undefined;
  if (args.length !== 5 || at(args, 3).toUpperCase() !== "COUNT") throw syntaxError();
  return Math.max(0, parseInteger(at(args, 4)));
}
