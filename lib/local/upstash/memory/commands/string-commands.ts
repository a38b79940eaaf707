/** Owns the commands about strings: GET, SET with its options, INCR, INCRBY. */
import { bytesOrNil, integer, nil, ok, type Reply } from "../../reply";
import { type Args, at, parseInteger } from "../arguments";
import { CommandError, syntaxError } from "../command-error";
import type { Keyspace } from "../keyspace";
import type { Handlers } from "./handler";

export const stringCommands: Handlers = {
  GET: (keys, args) => bytesOrNil(keys.find(at(args, 0), "string")?.bytes),

  SET(keys, args) {
    const key = at(args, 0);
    const options = readSetOptions(keys, args.slice(2));
    const previous = options.answerPrevious ? bytesOrNil(keys.find(key, "string")?.bytes) : nil;
    const answer: Reply = options.answerPrevious ? previous : ok;
    if (options.onlyIf !== undefined && keys.has(key) !== (options.onlyIf === "XX")) {
      return options.answerPrevious ? previous : nil;
    }
    const kept = options.expiry === "keep" ? keys.expiryOf(key) : options.expiry;
    const expiresAtMs = typeof kept === "number" ? kept : undefined;
    keys.put(key, { kind: "string", bytes: at(args, 1) }, expiresAtMs);
    return answer;
  },

  INCR: (keys, args) => increment(keys, at(args, 0), 1),
  INCRBY: (keys, args) => increment(keys, at(args, 0), parseInteger(at(args, 1))),
};

function increment(keys: Keyspace, key: string, by: number): Reply {
  const next = parseInteger(keys.find(key, "string")?.bytes ?? "0") + by;
  if (!Number.isSafeInteger(next)) throw new CommandError("ERR increment or decrement would overflow");
  const expiry = keys.expiryOf(key);
  keys.put(key, { kind: "string", bytes: String(next) }, typeof expiry === "number" ? expiry : undefined);
  return integer(next);
}

interface SetOptions {
  onlyIf?: "NX" | "XX";
  expiry?: number | "keep";
  answerPrevious: boolean;
}

const expiryUnits: Readonly<Record<string, (nowMs: number, value: number) => number>> = {
  EX: (nowMs, value) => nowMs + value * 1000,
  PX: (nowMs, value) => nowMs + value,
  EXAT: (_nowMs, value) => value * 1000,
  PXAT: (_nowMs, value) => value,
};

function readSetOptions(keys: Keyspace, args: Args): SetOptions {
  const options: SetOptions = { answerPrevious: false };
  for (let index = 0; index < args.length; index += 1) {
    const name = at(args, index).toUpperCase();
    const unit = expiryUnits[name];
    if (unit !== undefined && options.expiry === undefined) {
      index += 1;
      options.expiry = unit(keys.nowMs, parsePositive(at(args, index)));
    } else {
      readSetFlag(options, name);
    }
  }
  return options;
}

function readSetFlag(options: SetOptions, name: string): void {
  if (name === "GET") options.answerPrevious = true;
  else if (name === "KEEPTTL" && options.expiry === undefined) options.expiry = "keep";
  else if ((name === "NX" || name === "XX") && options.onlyIf === undefined) options.onlyIf = name;
  else throw syntaxError();
}

function parsePositive(bytes: string): number {
  const value = parseInteger(bytes);
  if (value <= 0) throw new CommandError("ERR invalid expire time in 'set' command");
  return value;
}
