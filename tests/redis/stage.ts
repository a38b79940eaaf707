/**
 * Owns what the contenders meet: one real redis-server, and the local Upstash before the same database, which the real
 * @upstash/redis client speaks to over HTTP. It must never fall back to another engine. Fails at once, with a sentence,
 * where there is no redis-server.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@/lib/clock";
import { findExecutable } from "@/lib/local/upstash/find-executable";
import { startUpstash } from "@/lib/local/upstash/start-upstash";
import { silentLog } from "@/lib/log";
import { systemRandom } from "@/lib/random";
import type { Script } from "@/lib/redis";
import { startRunningRedis } from "@/tests/contract/redis/running-redis";
import { openWays, type Place } from "./ways";

const DATABASE = 9;

export type Stage = Awaited<ReturnType<typeof startStage>>;

export async function startStage() {
  if ((await findExecutable("redis-server")) === undefined) {
    throw new Error(
      "There is no redis-server on PATH, and nothing else can show this. Install it (apt-get install redis-server).",
    );
  }
  const server = await startRunningRedis();
  const folder = await mkdtemp(join(tmpdir(), "rekindle-contenders-"));
  const redisUrl = server.url(DATABASE);
  const upstash = await startUpstash({
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    folder,
    engine: "redis-server",
    redisUrl,
  });
  const { url, token } = upstash;
  const place: Place = { redisUrl, url, token };
  const ways = openWays(place);
  const witness = server.connect(DATABASE);

  return {
    place,
    /** A connection of its own, which takes no part. */
    witness,
    stores: (count: number, changed?: (script: Script) => Script) =>
      Array.from({ length: count }, (_, contender) => ways.storeOf(contender, changed)),
    fleets: (count: number) => Array.from({ length: count }, (_, contender) => ways.fleetOf(contender)),
    empty: () => witness.flushdb(),
    async stop(): Promise<void> {
      ways.close();
      witness.disconnect();
      await upstash.stop();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
