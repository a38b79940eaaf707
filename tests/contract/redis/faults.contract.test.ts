/**
 * What each fault on demand does, the same on every engine, through the shipping client: whether the effect happened,
 * what the caller sees, and that one call stays one request.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StoreUnreachableError } from "@/lib/errors";
import type { UpstashFault } from "@/lib/local/upstash/faults";
import { type Random, seededRandom } from "@/lib/random";
import { upstashRedis } from "@/lib/redis";
import { availableEngines, type TestDatabase, useDatabase } from "./engines";

const engines = await availableEngines();

const count = { name: "count", lua: "return redis.call('INCR', KEYS[1])" };
const read = { name: "read", lua: "return redis.call('GET', KEYS[1])" };

describe.each(engines)("faults on %s", (engine) => {
  let database: TestDatabase;
  useDatabase(
    engine,
    (started) => {
      database = started;
    },
    { random: seededRandom(4), scripts: [count, read], keptWrites: 4 },
  );
  beforeEach(async () => {
    // Known from here on, so that each call below is one request.
    await increment();
    await value();
  });
  afterEach(() => database.upstash.faults.clear());

  const increment = (key = "n") => database.redis.runScript(count, [key], []);
  const value = (key = "n") => database.redis.runScript(read, [key], []);
  const next = (fault: UpstashFault, site = "script:count", skip = 0) =>
    database.upstash.faults.add({ site, when: { kind: "next", count: 1, skip }, fault });
  const requests = () => database.upstash.commandCounts().EVALSHA ?? 0;

  const lost: [string, UpstashFault, string][] = [
    ["dropped before, it did not happen", { kind: "drop-before" }, "1"],
    ["dropped after, it did happen", { kind: "drop-after" }, "2"],
    ["429 before, it did not happen", { kind: "error-before", status: 429 }, "1"],
    ["500 before, it did not happen", { kind: "error-before", status: 500 }, "1"],
    ["500 after, it did happen", { kind: "error-after", status: 500 }, "2"],
  ];
  test.each(lost)("%s, and the one request throws", async (_title, fault, expected) => {
    const before = requests();
    next(fault);
    await expect(increment()).rejects.toBeInstanceOf(StoreUnreachableError);
    expect(requests() - before).toBe(1);
    expect(await value()).toBe(expected);
    expect(await increment()).toBe(Number(expected) + 1);
  });

  test("429 says when to come again", async () => {
    next({ kind: "error-before", status: 429, retryAfterSeconds: 3 }, "GET");
    const { url, token } = database.upstash;
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const answer = await fetch(url, { method: "POST", headers, body: '["GET","n"]' });
    expect(answer.status).toBe(429);
    expect(answer.headers.get("retry-after")).toBe("3");
    expect(await answer.json()).toEqual({ error: "ERR Injected fault: 429" });
  });

  test("a delay beyond the deadline throws, never answers null, and the effect still comes", async () => {
    const { url, token } = database.upstash;
    const impatient = upstashRedis({ url, token, deadlineMs: 500 });
    next({ kind: "delay", minMs: 1_500, maxMs: 1_500 });
    await expect(impatient.runScript(count, ["n"], [])).rejects.toMatchObject({
      cause: { message: "TimeoutError" },
    });
    await expect.poll(() => value()).toBe("2");
    next({ kind: "delay", minMs: 1_500, maxMs: 1_500 }, "script:read");
    await expect(impatient.runScript(read, ["n"], [])).rejects.toMatchObject({
      cause: { message: "TimeoutError" },
    });
  });

  test("a delay within the deadline answers", async () => {
    next({ kind: "delay", minMs: 1, maxMs: 5 });
    expect(await increment()).toBe(2);
  });

  test("of a pipeline the commands before the fault have happened, and those after have not", async () => {
    next({ kind: "drop-after" }, "INCR", 1);
    const pipeline = database.sdk.pipeline().incr("a").incr("b").incr("c");
    await expect(pipeline.exec()).rejects.toThrow();
    expect(await database.sdk.exists("a", "b")).toBe(2);
    expect(await database.sdk.exists("c")).toBe(0);
  });

  test("of a transaction all has happened or nothing", async () => {
    next({ kind: "drop-before" }, "INCR", 1);
    await expect(database.sdk.multi().incr("a").incr("b").exec()).rejects.toThrow();
    expect(await database.sdk.exists("a", "b")).toBe(0);
    next({ kind: "drop-after" }, "INCR");
    await expect(database.sdk.multi().incr("a").incr("b").exec()).rejects.toThrow();
    expect(await database.sdk.exists("a", "b")).toBe(2);
  });

  test("rolling back loses the last acknowledged writes, whatever they wrote", async () => {
    await database.sdk.hset("h", { f: "old", g: "old" });
    await database.sdk.pexpire("h", 600_000);
    await database.sdk.hset("h", { f: "new" });
    await database.sdk.persist("h");
    await database.sdk.del("n");
    expect(await database.upstash.rollBackWrites(3)).toBe(3);
    expect(await database.sdk.hget("h", "f")).toBe("old");
    expect(await database.sdk.pttl("h")).toBeGreaterThan(0);
    expect(await value()).toBe("1");
  });

  test("rolling back as a fault shows in the call that meets it", async () => {
    await increment();
    await increment();
    next({ kind: "roll-back", writes: 2 });
    expect(await increment()).toBe(2);
  });

  test("what only reads, changes nothing or was not told of is no acknowledged write", async () => {
    await increment();
    await value();
    await database.sdk.set("n", "2");
    await database.sdk.srem("none", "member");
    next({ kind: "drop-after" });
    await expect(increment()).rejects.toThrow();
    expect(await value()).toBe("3");
    expect(await database.upstash.rollBackWrites(1)).toBe(1);
    expect(await value()).toBe("1");
  });

  test("a script that touched what it did not declare is rolled back as well", async () => {
    await database.run("redis.call('SET', 'hidden', 'v') redis.call('DEL', 'n') return 1");
    expect(await database.upstash.rollBackWrites(1)).toBe(1);
    expect(await database.sdk.exists("hidden")).toBe(0);
    expect(await value()).toBe("1");
  });

  test("FLUSHDB is rolled back like any other write", async () => {
    await database.sdk.sadd("s", "a", "b");
    await database.sdk.zadd("z", { score: 1.5, member: "m" });
    await database.sdk.flushdb();
    expect(await database.upstash.rollBackWrites(1)).toBe(1);
    expect(await database.sdk.scard("s")).toBe(2);
    expect(await database.sdk.zscore("z", "m")).toBe("1.5");
  });

  test("rolling back twice goes on from where it stands", async () => {
    for (let times = 0; times < 3; times += 1) await increment();
    expect(await database.upstash.rollBackWrites(1)).toBe(1);
    expect(await value()).toBe("3");
    expect(await increment()).toBe(4);
    expect(await database.upstash.rollBackWrites(2)).toBe(2);
    expect(await value()).toBe("2");
  });

  test("more than was ever written rolls back to nothing, and says how many it were", async () => {
    await increment();
    expect(await database.upstash.rollBackWrites(4)).toBe(2);
    expect(await value()).toBeNull();
  });

  test("more than is kept is refused with a sentence, and nothing happens", async () => {
    await expect(database.upstash.rollBackWrites(5)).rejects.toThrow(/keeps the last 4 acknowledged writes/);
    await expect(database.upstash.rollBackWrites(0)).rejects.toThrow(RangeError);
    expect(await value()).toBe("1");
  });

  test("a script stays known after rolling back, and not after losing everything", async () => {
    const evals = () => database.upstash.commandCounts().EVAL ?? 0;
    await increment();
    await database.upstash.rollBackWrites(1);
    const before = evals();
    await increment();
    expect(evals() - before).toBe(0);
    next({ kind: "lose-everything" });
    // EVALSHA finds neither key nor script; the EVAL after it counts from nothing.
    expect(await increment()).toBe(1);
    expect(evals() - before).toBe(1);
    expect(await database.upstash.rollBackWrites(4)).toBe(1);
  });

  test("many writes at once are acknowledged one by one", async () => {
    await Promise.all(Array.from({ length: 10 }, () => increment()));
    expect(await value()).toBe("11");
    expect(await database.upstash.rollBackWrites(4)).toBe(4);
    expect(await value()).toBe("7");
  });

  test("what was done is counted by site and kind", async () => {
    const before = database.upstash.faults.injected()["script:count"]?.["drop-before"] ?? 0;
    const id = database.upstash.faults.add({
      site: "script:*",
      when: { kind: "every", nth: 2 },
      fault: { kind: "drop-before" },
    });
    const outcomes = await Promise.allSettled([increment(), increment(), increment(), increment()]);
    expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(2);
    expect(database.upstash.faults.rules()).toMatchObject([{ id, met: 4, injected: 2 }]);
    const after = database.upstash.faults.injected()["script:count"]?.["drop-before"] ?? 0;
    expect(after - before).toBe(2);
  });

  test("random writes roll back to exactly what there was", async () => {
    const random = seededRandom(engine.length);
    for (let round = 0; round < 12; round += 1) {
      const states = [await everything()];
      while (states.length <= 4) {
        await database.sdk.exec(randomWrite(random));
        const state = await everything();
        if (JSON.stringify(state) !== JSON.stringify(states.at(-1))) states.push(state);
      }
      const writes = 1 + Math.floor(random.fraction() * 4);
      await database.upstash.rollBackWrites(writes);
      expect(await everything()).toEqual(states.at(-1 - writes));
    }
  });

  /** Each key with its whole value, in an order of its own. */
  async function everything(): Promise<unknown> {
    return database.run(`
      local keys, found = redis.call('SCAN', '0', 'COUNT', '1000')[2], {}
      table.sort(keys)
      for _, key in ipairs(keys) do
        local kind = redis.call('TYPE', key).ok
        local value = 'none'
        if kind == 'string' then value = redis.call('GET', key) end
        if kind == 'hash' then value = redis.call('HMGET', key, 'x', 'y') end
        if kind == 'set' then value = { redis.call('SISMEMBER', key, 'x'), redis.call('SISMEMBER', key, 'y') } end
        if kind == 'zset' then value = redis.call('ZRANGE', key, '0', '-1', 'WITHSCORES') end
        if kind == 'stream' then value = redis.call('XRANGE', key, '-', '+') end
        table.insert(found, { key, value, redis.call('TTL', key) == -1 and 'stays' or 'goes' })
      end
      return found`);
  }
});

function randomWrite(random: Random): [string, ...string[]] {
  const pick = <T>(items: readonly [T, ...T[]]): T =>
    items[Math.floor(random.fraction() * items.length)] ?? items[0];
  const member = () => pick(["x", "y"]);
  const number = () => String(Math.floor(random.fraction() * 100));
  return pick<() => [string, ...string[]]>([
    () => ["SET", pick(["a", "b"]), number()],
    () => ["HSET", "h", member(), number()],
    () => ["HDEL", "h", member()],
    () => ["SADD", "s", member()],
    () => ["SREM", "s", member()],
    () => ["ZADD", "z", number(), member()],
    () => ["ZREMRANGEBYSCORE", "z", "0", number()],
    () => ["XADD", "x", "MAXLEN", "2", "*", "f", number()],
    () => ["DEL", pick(["a", "h", "s", "z"]), pick(["b", "x"])],
    () => ["PEXPIREAT", pick(["a", "h", "s", "z", "x"]), "4102444800000"],
    () => ["PERSIST", pick(["a", "h", "s", "z", "x"])],
  ])();
}
