/** Owns the commands about keys of any kind: DEL, EXISTS, TYPE and expiry in all its forms. */
import { integer } from "../../reply";
import { type Args, at, parseInteger } from "../arguments";
import { CommandError } from "../command-error";
import type { Keyspace } from "../keyspace";
import type { Handler, Handlers } from "./handler";

export const keyCommands: Handlers = {
  DEL: (keys, args) => integer(args.filter((key) => keys.remove(key)).length),
  EXISTS: (keys, args) => integer(args.filter((key) => keys.has(key)).length),
  TYPE: (keys, args) => ({ kind: "status", text: keys.kindOf(at(args, 0)) ?? "none" }),

  EXPIRE: expireWith((keys, value) => keys.nowMs + value * 1000),
  PEXPIRE: expireWith((keys, value) => keys.nowMs + value),
  EXPIREAT: expireWith((_keys, value) => value * 1000),
  PEXPIREAT: expireWith((_keys, value) => value),

  PERSIST(keys, args) {
    const key = at(args, 0);
    if (typeof keys.expiryOf(key) !== "number") return integer(0);
    keys.setExpiry(key, undefined);
    return integer(1);
  },

  TTL: (keys, args) => integer(remaining(keys, args, (leftMs) => Math.floor((leftMs + 500) / 1000))),
  PTTL: (keys, args) => integer(remaining(keys, args, (leftMs) => leftMs)),
};

function expireWith(instant: (keys: Keyspace, value: number) => number): Handler {
  return (keys, args) => {
    const key = at(args, 0);
    const condition = readCondition(args[2]);
    const expiresAtMs = instant(keys, parseInteger(at(args, 1)));
    const current = keys.expiryOf(key);
    if (current === undefined || !mayMove(condition, current, expiresAtMs)) return integer(0);
    keys.setExpiry(key, expiresAtMs);
    return integer(1);
  };
}

const conditions = ["NX", "XX", "GT", "LT"] as const;
type Condition = (typeof conditions)[number];

function readCondition(option: string | undefined): Condition | undefined {
  if (option === undefined) return undefined;
  const condition = conditions.find((name) => name === option.toUpperCase());
  if (condition === undefined) throw new CommandError(`ERR Unsupported option ${option}`);
  return condition;
}

/** A key without expiry counts as expiring never, i.e. later than everything. */
function mayMove(condition: Condition | undefined, current: number | "no-expiry", next: number): boolean {
  const currentMs = current === "no-expiry" ? Infinity : current;
  switch (condition) {
    case undefined:
      return true;
    case "NX":
      return current === "no-expiry";
    case "XX":
      return current !== "no-expiry";
    case "GT":
      return next > currentMs;
    case "LT":
      return next < currentMs;
  }
}

function remaining(keys: Keyspace, args: Args, convert: (leftMs: number) => number): number {
  const expiry = keys.expiryOf(at(args, 0));
  if (expiry === undefined) return -2;
  return expiry === "no-expiry" ? -1 : convert(expiry - keys.nowMs);
}
