/** Owns the commands about sets. A set that loses its last member is gone, as in Redis. */
import { bytesArray, integer } from "../../reply";
import { at } from "../arguments";
import type { Handlers } from "./handler";

export const setCommands: Handlers = {
  SADD(keys, args) {
    const { members } = keys.findOrCreate(at(args, 0), { kind: "set", members: new Set() });
    const before = members.size;
    for (const member of args.slice(1)) members.add(member);
    return integer(members.size - before);
  },

  SREM(keys, args) {
    const key = at(args, 0);
    const members = keys.find(key, "set")?.members;
    const removed = args.slice(1).filter((member) => members?.delete(member)).length;
    if (members?.size === 0) keys.remove(key);
    return integer(removed);
  },

  SISMEMBER: (keys, args) => integer(keys.find(at(args, 0), "set")?.members.has(at(args, 1)) ? 1 : 0),
  SMEMBERS: (keys, args) => bytesArray([...(keys.find(at(args, 0), "set")?.members ?? [])]),
  SCARD: (keys, args) => integer(keys.find(at(args, 0), "set")?.members.size ?? 0),
};
