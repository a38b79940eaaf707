/**
 * Owns starting the local Upstash on each engine that this machine has, for suites that must hold on all of them.
 * A missing redis-server leaves its half out, and `findBackends` says so; it is never a passing test.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis as UpstashClient } from "@upstash/redis";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { systemClock } from "@/lib/clock";
import { type LocalUpstash, startUpstash, type UpstashStartOptions } from "@/lib/local/upstash/start-upstash";
import { silentLog } from "@/lib/log";
import { systemRandom } from "@/lib/random";
import { type Redis, type ScriptReply, upstashRedis } from "@/lib/redis";
import { findBackends } from "@/tests/support/backends";
import { startRunningRedis } from "./running-redis";

/** "running-redis": one that runs before, as REDIS_URL names it. */
export type EngineName = "memory" | "redis-server" | "running-redis";

export async function availableEngines(): Promise<readonly EngineName[]> {
  const { redisServer } = await findBackends();
  return redisServer === undefined ? ["memory"] : ["memory", "redis-server", "running-redis"];
}

export interface TestDatabase {
  readonly upstash: LocalUpstash;
  readonly redis: Redis;
  /** The SDK as anybody else would use it, with only its retries and conversions off. */
  readonly sdk: UpstashClient;
  run(lua: string, keys?: readonly string[], args?: readonly string[]): Promise<ScriptReply>;
  stop(): Promise<void>;
}

type Extra = Pick<UpstashStartOptions, "keptWrites" | "scripts" | "random">;

/** One database for the suite that calls it, empty before each test. */
export function useDatabase(
  engine: EngineName,
  onStart: (database: TestDatabase) => void,
  extra?: Extra,
): void {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await startDatabase(engine, extra);
    onStart(database);
  });
  beforeEach(() => database.upstash.loseEverything());
  afterAll(() => database.stop());
}

export async function startDatabase(
  engine: EngineName,
  extra: Extra = { random: systemRandom },
): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "rekindle-redis-"));
  const running = engine === "running-redis" ? await startRunningRedis() : undefined;
  const upstash = await startUpstash({
    clock: systemClock,
    log: silentLog,
    folder,
    engine: engine === "memory" ? "memory" : "redis-server",
    redisUrl: running?.url(9),
    ...extra,
  });
  const { url, token } = upstash;
  const redis = upstashRedis({ url, token, deadlineMs: 5_000 });
  return {
    upstash,
    redis,
    sdk: new UpstashClient({ url, token, retry: { retries: 0 }, automaticDeserialization: false }),
    run: (lua, keys = [], args = []) => redis.runScript({ name: "contract", lua }, keys, args),
    async stop() {
      await upstash.stop();
      await running?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
