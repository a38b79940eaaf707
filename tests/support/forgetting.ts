/**
 * Owns what scenarios of forgetting share: a preview of a person, a neighbour's, the act itself, and all that Redis still
 * holds. It must never write to Redis itself.
 */
import { parseLeaseId, parseScope, type Scope, userIdSchema } from "@/lib/ids";
import { forgetPreview, forgetUser } from "@/lib/preview/operations/forget";
import type { World } from "./world";

export const user = userIdSchema.parse("somebody");
export const mine = parseScope("shop", "somebody");
export const other = parseScope("shop", "neighbour");
export const leaseId = parseLeaseId("forget-of-tests");

export const forget = (world: World, of: Scope = mine) =>
  world.finish(() => forgetPreview(world.runtime, of, { leaseId }));
export const forgetAll = (world: World) => world.finish(() => forgetUser(world.runtime, user, { leaseId }));

/** All that stands in Redis, keys and values, as one text for each key. */
export async function contents(world: World): Promise<string[]> {
  const [, keys] = pageOf(await world.redis.command("SCAN", "0", "COUNT", "10000"));
  const read: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
    hash: (key) => world.redis.command("HGETALL", key),
    zset: (key) => world.redis.command("ZRANGE", key, "0", "-1"),
    set: (key) => world.redis.command("SMEMBERS", key),
    string: (key) => world.redis.command("GET", key),
    stream: (key) => world.redis.command("XRANGE", key, "-", "+"),
  };
  return Promise.all(
    keys.map(async (key) => {
      const type = String(await world.redis.command("TYPE", key));
      return `${key} ${JSON.stringify(await read[type]?.(key))}`;
    }),
  );
}

function pageOf(reply: unknown): [string, string[]] {
  if (!Array.isArray(reply) || !Array.isArray(reply[1])) throw new Error("SCAN answered no page");
  return [String(reply[0]), reply[1].map(String)];
}
