/**
 * Owns the one list of commands that the local Upstash knows, whichever engine is behind it, so that a script that
 * works on a laptop's real Redis also works in-process, and the other way round. Each of them has a page of its own among
 * those that Upstash documents (upstash.com/docs/redis/commands, August 2026). It is data: to allow a command, add it
 * here and to the in-process engine.
 * Fails closed: what is not listed is refused, over REST and inside scripts.
 */
import type { Bytes } from "./bytes";

export interface AllowedCommand {
  /** Arguments after the name; as in Redis, fewer or more are "wrong number of arguments". */
  readonly minArgs: number;
  readonly maxArgs?: number;
  /** Which arguments name keys. Default: the first. */
  readonly keys?: "all" | "none";
  /** True for what can change a key. Scripts are not among them: what they call is. */
  readonly writes?: true;
  /** False for what Redis refuses inside scripts. */
  readonly inScripts?: boolean;
}

export const allowedCommands: ReadonlyMap<string, AllowedCommand> = new Map<string, AllowedCommand>([
  ["PING", { minArgs: 0, maxArgs: 1, keys: "none" }],
  ["TIME", { minArgs: 0, maxArgs: 0, keys: "none" }],
  ["FLUSHDB", { minArgs: 0, maxArgs: 1, keys: "none", writes: true }],
  ["DBSIZE", { minArgs: 0, maxArgs: 0, keys: "none" }],
  ["SCAN", { minArgs: 1, keys: "none" }],

  ["EVAL", { minArgs: 2, inScripts: false, keys: "none" }],
  ["EVALSHA", { minArgs: 2, inScripts: false, keys: "none" }],
  ["SCRIPT", { minArgs: 1, inScripts: false, keys: "none" }],

  ["DEL", { minArgs: 1, keys: "all", writes: true }],
  ["EXISTS", { minArgs: 1, keys: "all" }],
  ["TYPE", { minArgs: 1, maxArgs: 1 }],
  ["EXPIRE", { minArgs: 2, maxArgs: 3, writes: true }],
  ["PEXPIRE", { minArgs: 2, maxArgs: 3, writes: true }],
  ["EXPIREAT", { minArgs: 2, maxArgs: 3, writes: true }],
  ["PEXPIREAT", { minArgs: 2, maxArgs: 3, writes: true }],
  ["PERSIST", { minArgs: 1, maxArgs: 1, writes: true }],
  ["TTL", { minArgs: 1, maxArgs: 1 }],
  ["PTTL", { minArgs: 1, maxArgs: 1 }],

  ["GET", { minArgs: 1, maxArgs: 1 }],
  ["SET", { minArgs: 2, writes: true }],
  ["INCR", { minArgs: 1, maxArgs: 1, writes: true }],
  ["INCRBY", { minArgs: 2, maxArgs: 2, writes: true }],

  ["HGET", { minArgs: 2, maxArgs: 2 }],
  ["HSET", { minArgs: 3, writes: true }],
  ["HMGET", { minArgs: 2 }],
  ["HDEL", { minArgs: 2, writes: true }],
  ["HEXISTS", { minArgs: 2, maxArgs: 2 }],
  ["HLEN", { minArgs: 1, maxArgs: 1 }],
  ["HGETALL", { minArgs: 1, maxArgs: 1 }],
  ["HINCRBY", { minArgs: 3, maxArgs: 3, writes: true }],

  ["SADD", { minArgs: 2, writes: true }],
  ["SREM", { minArgs: 2, writes: true }],
  ["SISMEMBER", { minArgs: 2, maxArgs: 2 }],
  ["SMEMBERS", { minArgs: 1, maxArgs: 1 }],
  ["SCARD", { minArgs: 1, maxArgs: 1 }],

  ["ZADD", { minArgs: 3, writes: true }],
  ["ZREM", { minArgs: 2, writes: true }],
  ["ZSCORE", { minArgs: 2, maxArgs: 2 }],
  ["ZCARD", { minArgs: 1, maxArgs: 1 }],
  ["ZCOUNT", { minArgs: 3, maxArgs: 3 }],
  ["ZRANGE", { minArgs: 3 }],
  ["ZRANGEBYSCORE", { minArgs: 3 }],
  ["ZREMRANGEBYSCORE", { minArgs: 3, maxArgs: 3, writes: true }],

  ["XADD", { minArgs: 4, writes: true }],
  ["XLEN", { minArgs: 1, maxArgs: 1 }],
  ["XRANGE", { minArgs: 3, maxArgs: 5 }],
  ["XREVRANGE", { minArgs: 3, maxArgs: 5 }],
]);

/** The error text that Redis gives for the command, or undefined when it may run. */
export function refuseCommand(name: string, argumentCount: number): string | undefined {
  const allowed = allowedCommands.get(name);
  if (allowed === undefined) return `ERR unknown command '${name}'`;
  return isCountAllowed(allowed, argumentCount)
    ? undefined
    : `ERR wrong number of arguments for '${name.toLowerCase()}' command`;
}

export const isCountAllowed = ({ minArgs, maxArgs }: AllowedCommand, argumentCount: number): boolean =>
  argumentCount >= minArgs && (maxArgs === undefined || argumentCount <= maxArgs);

/** The keys that a command names; those that a script names are arguments to the engines. */
export function keysNamed(allowed: AllowedCommand, args: readonly Bytes[]): readonly Bytes[] {
  switch (allowed.keys ?? "first") {
    case "first":
      return args.slice(0, 1);
    case "all":
      return args;
    case "none":
      return [];
  }
}

export const isScriptCall = (name: string): boolean => name === "EVAL" || name === "EVALSHA";
