/**
 * Owns the commands about the database as a whole: PING, TIME, FLUSHDB, DBSIZE, SCAN.
 * TIME is the injected clock's, which is the point of this engine.
 */
import { array, bytesArray, bytesReply, integer, ok } from "../../reply";
import { at, parseInteger } from "../arguments";
import { CommandError, syntaxError } from "../command-error";
import { globMatcher } from "../glob";
import type { Handlers } from "./handler";

export const serverCommands: Handlers = {
  PING: (_keys, args) => (args.length === 0 ? { kind: "status", text: "PONG" } : bytesReply(at(args, 0))),

  TIME(keys) {
    const seconds = Math.floor(keys.nowMs / 1000);
    const microseconds = Math.floor((keys.nowMs - seconds * 1000) * 1000);
    return bytesArray([String(seconds), String(microseconds)]);
  },

  FLUSHDB(keys, args) {
    if (args.length === 1 && !/^(a?sync)$/i.test(at(args, 0))) throw syntaxError();
    keys.clear();
    return ok;
  },

  DBSIZE: (keys) => integer(keys.keys().length),

  /** Answers everything in one page, which SCAN's contract allows: COUNT is a hint. */
  SCAN(keys, args) {
    if (!/^\d+$/.test(at(args, 0))) throw new CommandError("ERR invalid cursor");
    let matches: (key: string) => boolean = () => true;
    for (let index = 1; index < args.length; index += 2) {
      const option = at(args, index).toUpperCase();
      const value = at(args, index + 1);
      if (option === "MATCH") matches = globMatcher(value);
      else if (option !== "COUNT" || parseInteger(value) < 1) throw syntaxError();
    }
    const found = at(args, 0) === "0" ? keys.keys().filter(matches) : [];
    return array([bytesReply("0"), bytesArray(found)]);
  },
};
