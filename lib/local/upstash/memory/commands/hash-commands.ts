/** Owns the commands about hashes. A hash that loses its last field is gone, as in Redis. */
import type { Bytes } from "../../bytes";
import { array, bytesArray, bytesOrNil, integer } from "../../reply";
import { at, pairs, parseInteger } from "../arguments";
import { CommandError } from "../command-error";
import type { Handlers } from "./handler";

export const hashCommands: Handlers = {
  HGET: (keys, args) => bytesOrNil(keys.find(at(args, 0), "hash")?.fields.get(at(args, 1))),

  HMGET(keys, args) {
    const fields = keys.find(at(args, 0), "hash")?.fields;
    return array(args.slice(1).map((field) => bytesOrNil(fields?.get(field))));
  },

  HGETALL(keys, args) {
    const items: Bytes[] = [];
    for (const [field, value] of keys.find(at(args, 0), "hash")?.fields ?? []) items.push(field, value);
    return bytesArray(items);
  },

  HLEN: (keys, args) => integer(keys.find(at(args, 0), "hash")?.fields.size ?? 0),
  HEXISTS: (keys, args) => integer(keys.find(at(args, 0), "hash")?.fields.has(at(args, 1)) ? 1 : 0),

  HSET(keys, args) {
    if (args.length % 2 === 0) throw new CommandError("ERR wrong number of arguments for 'hset' command");
    const { fields } = keys.findOrCreate(at(args, 0), { kind: "hash", fields: new Map() });
    const before = fields.size;
    for (const [field, value] of pairs(args.slice(1))) fields.set(field, value);
    return integer(fields.size - before);
  },

  HDEL(keys, args) {
    const key = at(args, 0);
    const fields = keys.find(key, "hash")?.fields;
    const removed = args.slice(1).filter((field) => fields?.delete(field)).length;
    if (fields?.size === 0) keys.remove(key);
    return integer(removed);
  },

  HINCRBY(keys, args) {
    const key = at(args, 0);
    const by = parseInteger(at(args, 2));
    const current = keys.find(key, "hash")?.fields.get(at(args, 1)) ?? "0";
    if (!/^(0|-?[1-9]\d*)$/.test(current)) throw new CommandError("ERR hash value is not an integer");
    const next = Number(current) + by;
    if (!Number.isSafeInteger(next)) throw new CommandError("ERR increment or decrement would overflow");
    keys.findOrCreate(key, { kind: "hash", fields: new Map() }).fields.set(at(args, 1), String(next));
    return integer(next);
  },
};
