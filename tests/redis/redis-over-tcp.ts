/**
 * Owns the port of lib/redis.ts over a plain connection to a real redis-server: the shipping scripts without HTTP between,
 * so that a hundred thousand claims take seconds. It must never send a script twice but where nothing ran. Fails as the
 * port does: an error of Redis is refused, anything else is unreachable.
 */
import { createHash } from "node:crypto";
import { type Redis as RedisClient, ReplyError } from "ioredis";
import { StoreRefusedError, StoreUnreachableError } from "@/lib/errors";
import type { Redis, Script, ScriptReply } from "@/lib/redis";

export function redisOverTcp(client: RedisClient): Redis {
  const shas = new Map<string, string>();
  const shaOf = ({ lua }: Script): string => {
    const sha = shas.get(lua) ?? createHash("sha1").update(lua).digest("hex");
    shas.set(lua, sha);
    return sha;
  };
  return {
    async runScript(script, keys, args) {
      try {
        try {
          return scriptReply(await client.evalsha(shaOf(script), keys.length, ...keys, ...args));
        } catch (error) {
          if (!isReplyError(error) || !error.message.startsWith("NOSCRIPT")) throw error;
          return scriptReply(await client.eval(script.lua, keys.length, ...keys, ...args));
        }
      } catch (error) {
        throw isReplyError(error)
          ? new StoreRefusedError(script.name, error)
          : new StoreUnreachableError(script.name, error);
      }
    },
  };
}

const isReplyError = (error: unknown): error is Error =>
  error instanceof ReplyError && error instanceof Error;

function scriptReply(value: unknown): ScriptReply {
  if (Array.isArray(value)) return value.map(scriptReply);
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  throw new TypeError("the answer was not a reply");
}
