/**
 * What many previews cost: a pass over those that are due does not grow with the others, and how many bytes one at rest
 * takes, counted in full.
 */
import type { Redis as RedisClient } from "ioredis";
import { describe, expect, test } from "vitest";
import { systemClock } from "@/lib/clock";
import { parseScope, type Scope } from "@/lib/ids";
import { startUpstash } from "@/lib/local/upstash/start-upstash";
import { silentLog } from "@/lib/log";
import { systemRandom } from "@/lib/random";
import { type ScriptReply, upstashRedis } from "@/lib/redis";
import { fleetKeys, keysOf } from "@/lib/store/keys";
import { redisStore } from "@/lib/store/redis-store";
import type { PreviewStore } from "@/lib/store/store";
import { createWorld, HOUR, MINUTE, type World } from "@/tests/support/world";
import { startRunningRedis } from "../redis/running-redis";
import { availableEngines, environment, policy } from "./stores";

const HOUR_AGO = () => Date.now() - HOUR;
const MONTH_AHEAD = () => Date.now() + 30 * 24 * HOUR;

const realEngines = (await availableEngines()).filter((engine) => engine === "redis-server");

describe.each(realEngines)("on %s", () => {
  test("a pass over 1,000 that are due makes the same commands among 100,000 previews as among 1,000", async () => {
    const server = await startRunningRedis();
    const upstash = await startUpstash({
      ...{ clock: systemClock, random: systemRandom, log: silentLog, folder: "", engine: "redis-server" },
      redisUrl: server.url(9),
    });
    try {
      const direct = server.connect(9);
      const { url, token } = upstash;
      const store = redisStore(upstashRedis({ url, token, deadlineMs: 10_000 }), environment, policy);
      const due = scopesFrom(0, 1_000);
      // Redis knows the scripts from now on, so that both passes call them in the same way.
      await pass(store);
      await store.read(due[0] ?? parseScope("p", "u"));

      await fill(direct, due, HOUR_AGO());
      const amongFew = await commandsOf(direct, () => pass(store));
      for (let at = 1_000; at < 100_000; at += 9_000) {
        await fill(direct, scopesFrom(at, at + 9_000), MONTH_AHEAD());
      }
      await fill(direct, due, HOUR_AGO());
      const amongMany = await commandsOf(direct, () => pass(store));

      expect(await direct.zcard(fleetKeys(environment).due)).toBe(100_000);
      expect(amongFew).toMatchObject({ looked: 1_000, commands: { zrangebyscore: 11 } });
      expect(amongMany).toEqual(amongFew);
    } finally {
      await upstash.stop();
      await server.stop();
    }
  });
});

const scopesFrom = (from: number, to: number): Scope[] =>
  Array.from({ length: to - from }, (_, index) => parseScope(`project-${from + index}`, "u1"));

/** As previews at rest stand in Redis, written by the server itself: a round trip each would take minutes. */
async function fill(direct: RedisClient, scopes: readonly Scope[], dueAt: number): Promise<void> {
  const { due, previews } = fleetKeys(environment);
  const script = `
    for index = 3, #KEYS do
      local project, user = string.match(ARGV[index], '^(.+)/(.+)$')
      redis.call('HSET', KEYS[index], 'v', '1', 'projectId', project, 'userId', user, 'state', 'paused',
        'wanted', 'resting', 'epoch', '2', 'reason', 'left', 'changedAt', ARGV[2], 'pausedAt', ARGV[2],
        'sandboxId', 'iaaaaaaaaaaaaaaaaaaaa', 'revision', 'r1', 'nextCheckAt', ARGV[1])
      redis.call('ZADD', KEYS[1], ARGV[1], ARGV[index])
      redis.call('ZADD', KEYS[2], ARGV[2], ARGV[index])
    end`;
  const records = scopes.map((scope) => keysOf(environment, scope).all[0]);
  const members = scopes.map(({ projectId, userId }) => `${projectId}/${userId}`);
  const keys = [due, previews, ...records];
  await direct.eval(script, keys.length, ...keys, dueAt, HOUR_AGO(), ...members);
}

/** As the sweep does it: batches until one is not full, and a look at each, which begins with reading it. */
async function pass(store: PreviewStore): Promise<number> {
  let looked = 0;
  for (;;) {
    const { previews: due } = await store.takeDue(policy.sweepBatch, policy.leaseMs);
    await Promise.all(due.map((scope) => store.read(scope)));
    looked += due.length;
    if (due.length < policy.sweepBatch) return looked;
  }
}

/** Counted by Redis itself, with those that scripts call. */
async function commandsOf(direct: RedisClient, act: () => Promise<number>) {
  await direct.config("RESETSTAT");
  const looked = await act();
  const stats = await direct.info("commandstats");
  const counts = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name = "", calls]) => [
    name,
    Number(calls),
  ]);
  const { "config|resetstat": _reset, info: _info, ...commands } = Object.fromEntries(counts);
  return { looked, commands };
}

describe("a preview at rest, after its first life", () => {
  /**
   * Key names and values as text, of everything that stands in Redis for it: the record, the history of its first life
   * (bounded by `historyEntries`), what its sandbox is remembered by, its user's ledger, and its entries in the indexes that
   * all share, without those indexes' own names. Ids are UUIDs, which few products' are longer than. What a Redis adds to
   * each (pointers, a stream's first node of 4 kB) is its own and not counted.
   */
  test("has a record of less than 1 KiB, and takes less than 2.25 KiB with its history and every index", async () => {
    const world = await createWorld();
    const scope = parseScope("8f14e45f-ceea-467f-a9f6-3c5b0d1f2a77", "45c48cce-2e2d-4fbd-aa1a-fc51c7c6ad26");
    await world.ready("0cc175b9-c0f1-4b6a-831c-399e26977266", scope);
    await world.beatFor(5 * MINUTE, "0cc175b9-c0f1-4b6a-831c-399e26977266", scope);
    await world.leave("0cc175b9-c0f1-4b6a-831c-399e26977266", scope);
    await world.advance(2 * HOUR);
    expect((await world.record(scope)).state).toBe("paused");

    // What all previews share is nobody's own.
    const { fleet: _shared, ...sizes } = await sizesOf(world);

    expect(Object.keys(sizes).sort()).toEqual([
      "due",
      "history",
      "log",
      "named",
      "preview",
      "previews",
      "project-previews",
      "sandbox",
      "sandboxes",
      "ticket",
      "user",
      "user-previews",
    ]);
    expect(sizes.preview).toBeLessThan(1_024);
    expect(sizes.history).toBeLessThan(700);
    expect(Object.values(sizes).reduce((sum, size) => sum + size, 0)).toBeLessThan(2_304);
  });
});

/** By the kind of key. */
async function sizesOf({ redis }: World): Promise<Record<string, number>> {
  const [, keys] = listOf(await redis.command("SCAN", "0", "COUNT", "10000"));
  const sizes: Record<string, number> = {};
  for (const key of listOf(keys ?? []).map(String)) {
    const [, , kind = "", id] = key.split(":");
    const [command = "", ...args] = reading[String(await redis.command("TYPE", key))] ?? [];
    const value = textOf(await redis.command(command, key, ...args));
    sizes[kind] = (sizes[kind] ?? 0) + (id === undefined ? 0 : key.length) + value.length;
  }
  return sizes;
}

const reading: Readonly<Record<string, readonly string[]>> = {
  string: ["GET"],
  hash: ["HGETALL"],
  set: ["SMEMBERS"],
  zset: ["ZRANGE", "0", "-1", "WITHSCORES"],
  stream: ["XRANGE", "-", "+"],
};

const listOf = (reply: ScriptReply): readonly ScriptReply[] => (Array.isArray(reply) ? reply : []);

const textOf = (reply: ScriptReply): string =>
  Array.isArray(reply) ? reply.map(textOf).join("") : String(reply ?? "");
