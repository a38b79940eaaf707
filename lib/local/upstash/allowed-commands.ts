/**
 * Owns the one list of commands that the local Upstash knows, whichever engine is behind it, so that a script that
 * works on a laptop's real Redis also works in-process, and the other way round. All of them are among those that
 * Upstash documents. It is data: to allow a command, add it here and to the in-process engine.
 * Fails closed: what is not listed is refused, over REST and inside scripts.
 */
export interface AllowedCommand {
  /** Arguments after the name; as in Redis, fewer or more are "wrong number of arguments". */
  readonly minArgs: number;
  readonly maxArgs?: number;
  /** False for what Redis refuses inside scripts. */
  readonly inScripts?: boolean;
}

export const allowedCommands: ReadonlyMap<string, AllowedCommand> = new Map<string, AllowedCommand>([
  ["PING", { minArgs: 0, maxArgs: 1 }],
  ["TIME", { minArgs: 0, maxArgs: 0 }],
  ["FLUSHDB", { minArgs: 0, maxArgs: 1 }],
  ["DBSIZE", { minArgs: 0, maxArgs: 0 }],
  ["SCAN", { minArgs: 1 }],

  ["EVAL", { minArgs: 2, inScripts: false }],
  ["EVALSHA", { minArgs: 2, inScripts: false }],
  ["SCRIPT", { minArgs: 1, inScripts: false }],

  ["DEL", { minArgs: 1 }],
  ["EXISTS", { minArgs: 1 }],
  ["TYPE", { minArgs: 1, maxArgs: 1 }],
  ["EXPIRE", { minArgs: 2, maxArgs: 3 }],
  ["PEXPIRE", { minArgs: 2, maxArgs: 3 }],
  ["EXPIREAT", { minArgs: 2, maxArgs: 3 }],
  ["PEXPIREAT", { minArgs: 2, maxArgs: 3 }],
  ["PERSIST", { minArgs: 1, maxArgs: 1 }],
  ["TTL", { minArgs: 1, maxArgs: 1 }],
  ["PTTL", { minArgs: 1, maxArgs: 1 }],

  ["GET", { minArgs: 1, maxArgs: 1 }],
  ["SET", { minArgs: 2 }],
  ["INCR", { minArgs: 1, maxArgs: 1 }],
  ["INCRBY", { minArgs: 2, maxArgs: 2 }],

  ["HGET", { minArgs: 2, maxArgs: 2 }],
  ["HSET", { minArgs: 3 }],
  ["HMGET", { minArgs: 2 }],
  ["HDEL", { minArgs: 2 }],
  ["HEXISTS", { minArgs: 2, maxArgs: 2 }],
  ["HLEN", { minArgs: 1, maxArgs: 1 }],
  ["HGETALL", { minArgs: 1, maxArgs: 1 }],
  ["HINCRBY", { minArgs: 3, maxArgs: 3 }],

  ["SADD", { minArgs: 2 }],
  ["SREM", { minArgs: 2 }],
  ["SISMEMBER", { minArgs: 2, maxArgs: 2 }],
  ["SMEMBERS", { minArgs: 1, maxArgs: 1 }],
  ["SCARD", { minArgs: 1, maxArgs: 1 }],

  ["ZADD", { minArgs: 3 }],
  ["ZREM", { minArgs: 2 }],
  ["ZSCORE", { minArgs: 2, maxArgs: 2 }],
  ["ZCARD", { minArgs: 1, maxArgs: 1 }],
  ["ZCOUNT", { minArgs: 3, maxArgs: 3 }],
  ["ZRANGE", { minArgs: 3 }],
  ["ZRANGEBYSCORE", { minArgs: 3 }],
  ["ZREMRANGEBYSCORE", { minArgs: 3, maxArgs: 3 }],

  ["XADD", { minArgs: 4 }],
  ["XLEN", { minArgs: 1, maxArgs: 1 }],
  ["XRANGE", { minArgs: 3, maxArgs: 5 }],
  ["XREVRANGE", { minArgs: 3, maxArgs: 5 }],
]);

/** The error text that Redis gives for the command, or undefined when it may run. */
export function refuseCommand(name: string, argumentCount: number): string | undefined {
  const allowed = allowedCommands.get(name);
  if (allowed === undefined) return `ERR unknown command '${name}'`;
  const tooMany = allowed.maxArgs !== undefined && argumentCount > allowed.maxArgs;
  if (argumentCount < allowed.minArgs || tooMany) {
    return `ERR wrong number of arguments for '${name.toLowerCase()}' command`;
  }
  return undefined;
}
