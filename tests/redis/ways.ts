/**
 * Owns how contenders reach the one redis-server: most over plain connections, some over HTTP with the real @upstash/redis
 * client, as in production. It must never give one contender two ways. Fails as the connections do.
 */
import { Redis as RedisClient } from "ioredis";
import { z } from "zod";
import { policy } from "@/inngest.config";
import { type Redis, type Script, upstashRedis } from "@/lib/redis";
import { redisFleet } from "@/lib/store/redis-fleet";
import { redisStore } from "@/lib/store/redis-store";
import type { PreviewStore } from "@/lib/store/store";
import { redisOverTcp } from "./redis-over-tcp";

export const environment = "contenders";

/** Of each process. */
const CONNECTIONS = 4;
const HTTP_CLIENTS = 2;
/** One contender in so many comes over HTTP; the others are there for the crowd. */
const HTTP_EVERY = 20;

export const placeSchema = z.object({ redisUrl: z.string(), url: z.string(), token: z.string() });
export type Place = z.infer<typeof placeSchema>;

export type Ways = ReturnType<typeof openWays>;

export function openWays({ redisUrl, url, token }: Place) {
  // Commands of one moment go out in one write; those of several connections and processes meet in any order.
  const clients = Array.from(
    { length: CONNECTIONS },
    () => new RedisClient(redisUrl, { protocol: 2, enableAutoPipelining: true }),
  );
  const overTcp = clients.map(redisOverTcp);
  const overHttp = Array.from({ length: HTTP_CLIENTS }, () =>
    upstashRedis({ url, token, deadlineMs: 30_000 }),
  );
  const wayOf = (contender: number): Redis => {
    const ways = contender % HTTP_EVERY === 0 ? overHttp : overTcp;
    const way = ways[Math.floor(contender / HTTP_EVERY + contender) % ways.length];
    if (!way) throw new Error("there is no way to Redis");
    return way;
  };
  return {
    /** A contender's store. `changed` makes a known-bad variant of what ships. */
    storeOf: (contender: number, changed: (script: Script) => Script = (script) => script): PreviewStore =>
      redisStore(changedBy(wayOf(contender), changed), environment, policy),
    fleetOf: (contender: number) => redisFleet(wayOf(contender), environment, policy),
    close(): void {
      for (const client of clients) client.disconnect();
    },
  };
}

const changedBy = (redis: Redis, changed: (script: Script) => Script): Redis => ({
  runScript: (script, keys, args) => redis.runScript(changed(script), keys, args),
});
