/** What each allowed command answers through the real SDK, the same on every engine. */
import { describe, expect, test } from "vitest";
import { availableEngines, type TestDatabase, useDatabase } from "./engines";

const engines = await availableEngines();

type CommandLine = readonly [string, ...(string | number)[]];

/** An error reply, by its code (or its code and first words). */
const error = (start: string) => ({ error: expect.stringMatching(new RegExp(`^${start}`)) });
const anyOrder = (...items: string[]) => ({ anyOrder: items });

describe.each(engines)("commands on %s", (engine) => {
  let database: TestDatabase;
  useDatabase(engine, (started) => {
    database = started;
  });

  /** The text before the SDK's own addition. */
  async function reply([name, ...args]: CommandLine): Promise<unknown> {
    try {
      return await database.sdk.exec([name, ...args.map(String)]);
    } catch (caught) {
      if (!(caught instanceof Error)) throw caught;
      return { error: caught.message.replace(/^Command failed: /, "").replace(/, command was: .*$/, "") };
    }
  }

  const stories: [string, [CommandLine, unknown][]][] = [
    [
      "strings are set, read, and replaced under conditions",
      [
        [["GET", "k"], null],
        [["SET", "k", "1"], "OK"],
        [["SET", "k", "2", "NX"], null],
        [["SET", "k", "2", "XX"], "OK"],
        [["SET", "none", "2", "XX"], null],
        [["SET", "k", "3", "GET"], "2"],
        [["SET", "k", "4", "BOGUS"], error("ERR syntax error")],
        [["SET", "k", "4", "EX", "0"], error("ERR invalid expire time")],
        [["SET", "k", "4", "PX", "x"], error("ERR value is not an integer")],
        [["GET", "k"], "3"],
        [["INCR", "k"], 4],
        [["INCRBY", "k", "-10"], -6],
        [["SET", "k", "x"], "OK"],
        [["INCR", "k"], error("ERR value is not an integer")],
        [["TYPE", "k"], "string"],
        [["TYPE", "none"], "none"],
      ],
    ],
    [
      "keys are counted and removed",
      [
        [["SET", "a", "1"], "OK"],
        [["SADD", "b", "1"], 1],
        [["EXISTS", "a", "b", "c", "a"], 3],
        [["DBSIZE"], 2],
        [["DEL", "a", "b", "c"], 2],
        [["EXISTS", "a"], 0],
        [["SET", "a", "1"], "OK"],
        [["FLUSHDB"], "OK"],
        [["DBSIZE"], 0],
      ],
    ],
    [
      "expiry is set, read, moved under conditions, and removed",
      [
        [["TTL", "k"], -2],
        [["PTTL", "k"], -2],
        [["EXPIRE", "k", "10"], 0],
        [["SET", "k", "v"], "OK"],
        [["TTL", "k"], -1],
        [["EXPIRE", "k", "100"], 1],
        [["TTL", "k"], 100],
        [["EXPIRE", "k", "50", "NX"], 0],
        [["EXPIRE", "k", "50", "GT"], 0],
        [["EXPIRE", "k", "50", "LT"], 1],
        [["TTL", "k"], 50],
        [["EXPIRE", "k", "50", "BOGUS"], error("ERR Unsupported option")],
        [["SET", "k", "w", "KEEPTTL"], "OK"],
        [["TTL", "k"], 50],
        [["SET", "k", "w"], "OK"],
        [["TTL", "k"], -1],
        [["PEXPIRE", "k", "100000"], 1],
        [["PERSIST", "k"], 1],
        [["PERSIST", "k"], 0],
        [["EXPIREAT", "k", "1"], 1],
        [["EXISTS", "k"], 0],
      ],
    ],
    [
      "hashes keep fields",
      [
        [["HSET", "h", "a", "1", "b", "2"], 2],
        [["HSET", "h", "a", "3", "c", "4"], 1],
        [["HSET", "h", "a"], error("ERR wrong number of arguments for 'hset' command")],
        [["HSET", "h", "a", "1", "b"], error("ERR wrong number of arguments for 'hset' command")],
        [["HGET", "h", "a"], "3"],
        [["HGET", "h", "z"], null],
        [["HGET", "none", "z"], null],
        [
          ["HMGET", "h", "a", "z", "b"],
          ["3", null, "2"],
        ],
        [["HMGET", "none", "a"], [null]],
        [["HLEN", "h"], 3],
        [["HEXISTS", "h", "a"], 1],
        [["HEXISTS", "h", "z"], 0],
        [["HINCRBY", "h", "a", "-5"], -2],
        [["HINCRBY", "h", "new", "7"], 7],
        [["HSET", "h", "text", "x"], 1],
        [["HINCRBY", "h", "text", "1"], error("ERR hash value is not an integer")],
        [["HDEL", "h", "b", "c", "new", "text", "z"], 4],
        [
          ["HGETALL", "h"],
          ["a", "-2"],
        ],
        [["HDEL", "h", "a"], 1],
        [["EXISTS", "h"], 0],
        [["HGETALL", "h"], []],
      ],
    ],
    [
      "sets keep members",
      [
        [["SADD", "s", "a", "b", "a"], 2],
        [["SADD", "s", "b", "c"], 1],
        [["SISMEMBER", "s", "a"], 1],
        [["SISMEMBER", "s", "z"], 0],
        [["SMEMBERS", "s"], anyOrder("a", "b", "c")],
        [["SCARD", "s"], 3],
        [["SREM", "s", "a", "z"], 1],
        [["SREM", "s", "b", "c"], 2],
        [["EXISTS", "s"], 0],
        [["SMEMBERS", "s"], []],
      ],
    ],
    [
      "sorted sets are written under conditions",
      [
        [["ZADD", "z", "1", "a", "2", "b"], 2],
        [["ZADD", "z", "3", "a"], 0],
        [["ZSCORE", "z", "a"], "3"],
        [["ZADD", "z", "NX", "9", "a", "9", "c"], 1],
        [["ZADD", "z", "XX", "4", "a", "4", "d"], 0],
        [["ZADD", "z", "XX", "CH", "5", "a"], 1],
        [["ZADD", "z", "GT", "CH", "4", "a"], 0],
        [["ZADD", "z", "GT", "CH", "6", "a", "6", "e"], 2],
        [["ZADD", "z", "LT", "CH", "7", "a"], 0],
        [["ZADD", "z", "INCR", "2.5", "a"], "8.5"],
        [["ZADD", "z", "NX", "INCR", "1", "a"], null],
        [["ZADD", "z", "XX", "INCR", "1", "none"], null],
        [["ZADD", "z", "x", "a"], error("ERR value is not a valid float")],
        [["ZADD", "z", "1", "a", "2"], error("ERR syntax error")],
        [["ZADD", "z", "NX", "XX", "1", "a"], error("ERR XX and NX")],
        [["ZADD", "z", "NX", "GT", "1", "a"], error("ERR GT, LT, and/or NX")],
        [["ZADD", "y", "1", "a", "x", "b"], error("ERR value is not a valid float")],
        [["EXISTS", "y"], 0],
        [["ZADD", "y", "XX", "1", "a"], 0],
        [["EXISTS", "y"], 0],
        [["ZCARD", "z"], 4],
        [["ZREM", "z", "a", "b", "none"], 2],
        [["ZREM", "z", "c", "e"], 2],
        [["EXISTS", "z"], 0],
        [["ZSCORE", "z", "a"], null],
        [["ZCARD", "z"], 0],
      ],
    ],
    [
      "sorted sets are read by rank and by score",
      [
        [["ZADD", "z", "1", "b", "1", "a", "2", "c", "inf", "top", "-inf", "low"], 5],
        [
          ["ZRANGE", "z", "0", "-1"],
          ["low", "a", "b", "c", "top"],
        ],
        [
          ["ZRANGE", "z", "0", "-1", "REV"],
          ["top", "c", "b", "a", "low"],
        ],
        [
          ["ZRANGE", "z", "-2", "-1", "WITHSCORES"],
          ["c", "2", "top", "inf"],
        ],
        [["ZRANGE", "z", "3", "1"], []],
        [
          ["ZRANGE", "z", "1", "99"],
          ["a", "b", "c", "top"],
        ],
        [["ZRANGE", "z", "0", "1", "LIMIT", "0", "1"], error("ERR syntax error, LIMIT")],
        [
          ["ZRANGE", "z", "(1", "+inf", "BYSCORE"],
          ["c", "top"],
        ],
        [
          ["ZRANGE", "z", "-inf", "2", "BYSCORE", "LIMIT", "1", "2"],
          ["a", "b"],
        ],
        [
          ["ZRANGE", "z", "2", "1", "BYSCORE", "REV"],
          ["c", "b", "a"],
        ],
        [["ZRANGE", "z", "2", "1", "BYSCORE", "REV", "LIMIT", "0", "1"], ["c"]],
        [
          ["ZRANGEBYSCORE", "z", "1", "2"],
          ["a", "b", "c"],
        ],
        [
          ["ZRANGEBYSCORE", "z", "1", "2", "LIMIT", "0", "2"],
          ["a", "b"],
        ],
        [
          ["ZRANGEBYSCORE", "z", "1", "2", "LIMIT", "1", "-1"],
          ["b", "c"],
        ],
        [["ZRANGEBYSCORE", "z", "1", "2", "LIMIT", "-1", "2"], []],
        [
          ["ZRANGEBYSCORE", "z", "1", "(2", "WITHSCORES"],
          ["a", "1", "b", "1"],
        ],
        [["ZRANGEBYSCORE", "z", "x", "2"], error("ERR min or max is not a float")],
        [["ZRANGEBYSCORE", "none", "0", "1"], []],
        [["ZCOUNT", "z", "-inf", "+inf"], 5],
        [["ZCOUNT", "z", "(1", "(2"], 0],
        [["ZREMRANGEBYSCORE", "z", "-inf", "1"], 3],
        [
          ["ZRANGE", "z", "0", "-1"],
          ["c", "top"],
        ],
        [["ZREMRANGEBYSCORE", "z", "-inf", "+inf"], 2],
        [["EXISTS", "z"], 0],
      ],
    ],
    [
      "scores of epoch milliseconds keep every digit",
      [
        [["ZADD", "z", "1763800000123", "m"], 1],
        [["ZSCORE", "z", "m"], "1763800000123"],
        [["ZADD", "z", "1.5e3", "n"], 1],
        [["ZSCORE", "z", "n"], "1500"],
      ],
    ],
    [
      "streams are appended, capped, and read from the newest",
      [
        [["XADD", "x", "1-1", "f", "1"], "1-1"],
        [["XADD", "x", "2", "f", "2", "g", "€"], "2-0"],
        [["XADD", "x", "2", "f", "3"], error("ERR The ID specified in XADD is equal or smaller")],
        [["XADD", "x", "bogus", "f", "3"], error("ERR Invalid stream ID")],
        [["XADD", "x", "3", "f"], error("ERR wrong number of arguments for 'xadd' command")],
        [["XADD", "none", "NOMKSTREAM", "*", "f", "1"], null],
        [["XLEN", "x"], 2],
        [
          ["XREVRANGE", "x", "+", "-"],
          [
            ["2-0", ["f", "2", "g", "€"]],
            ["1-1", ["f", "1"]],
          ],
        ],
        [["XREVRANGE", "x", "+", "-", "COUNT", "1"], [["2-0", ["f", "2", "g", "€"]]]],
        [["XREVRANGE", "x", "1", "-"], [["1-1", ["f", "1"]]]],
        [["XRANGE", "x", "(1-1", "+"], [["2-0", ["f", "2", "g", "€"]]]],
        [["XADD", "x", "MAXLEN", "=", "2", "3", "f", "3"], "3-0"],
        [["XLEN", "x"], 2],
        [["XADD", "x", "MAXLEN", "~", "1000", "4", "f", "4"], "4-0"],
        [["XLEN", "x"], 3],
        [["XLEN", "none"], 0],
        [["XREVRANGE", "none", "+", "-"], []],
      ],
    ],
    [
      "SCAN finds what matches",
      [
        [["SET", "p:1", "v"], "OK"],
        [["SET", "p:2", "v"], "OK"],
        [["SET", "q:1", "v"], "OK"],
        [
          ["SCAN", "0", "MATCH", "p:[^2]", "COUNT", "1000"],
          ["0", ["p:1"]],
        ],
        [
          ["SCAN", "0", "MATCH", "?:1", "COUNT", "1000"],
          ["0", anyOrder("p:1", "q:1")],
        ],
        [["SCAN", "x"], error("ERR invalid cursor")],
      ],
    ],
    [
      "a key of one kind is refused to commands of another",
      [
        [["SET", "k", "v"], "OK"],
        [["HGET", "k", "f"], error("WRONGTYPE")],
        [["SADD", "k", "m"], error("WRONGTYPE")],
        [["ZADD", "k", "1", "m"], error("WRONGTYPE")],
        [["XADD", "k", "*", "f", "v"], error("WRONGTYPE")],
        [["HSET", "h", "f", "v"], 1],
        [["GET", "h"], error("WRONGTYPE")],
        [["INCR", "h"], error("WRONGTYPE")],
      ],
    ],
    [
      "what is not on the list is unknown",
      [
        [["PING"], "PONG"],
        [["PING", "hello"], "hello"],
        [["CONFIG", "GET", "dir"], error("ERR unknown command 'CONFIG'")],
        [["FLUSHALL"], error("ERR unknown command 'FLUSHALL'")],
        [["NOSUCH"], error("ERR unknown command 'NOSUCH'")],
        [["GET"], error("ERR wrong number of arguments for 'get' command")],
        [["GET", "a", "b"], error("ERR wrong number of arguments for 'get' command")],
      ],
    ],
    [
      "scripts are loaded, known and forgotten",
      [
        [["EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "0"], error("NOSCRIPT")],
        [["SCRIPT", "LOAD", "return 1"], "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"],
        [["EVALSHA", "E0E1F9FABFC9D4800C877A703B823AC0578FF8DB", "0"], 1],
        [
          ["SCRIPT", "EXISTS", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "00"],
          [1, 0],
        ],
        [["SCRIPT", "FLUSH"], "OK"],
        [["EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "0"], error("NOSCRIPT")],
        [["EVAL", "return KEYS[1] .. ARGV[1]", "1", "k", "a"], "ka"],
        [["EVAL", "return 1", "-1"], error("ERR Number of keys can't be negative")],
        [["EVAL", "return 1", "2", "k"], error("ERR Number of keys can't be greater than number of args")],
        [["EVAL", "return 1", "x"], error("ERR value is not an integer")],
      ],
    ],
  ];

  test.each(stories)("%s", async (_title, steps) => {
    for (const [command, expected] of steps) {
      expect(sorted(await reply(command), expected), command.join(" ")).toEqual(plain(expected));
    }
  });

  test("an expired key is gone when its time has come", async () => {
    await reply(["SET", "k", "v", "PX", "40"]);
    await expect.poll(() => reply(["GET", "k"]), { interval: 10, timeout: 2_000 }).toBeNull();
  });

  test("a pipeline answers each command, failed ones too", async () => {
    const pipeline = database.sdk.pipeline().set("k", "v").hget("k", "f").get("k");
    await expect(pipeline.exec({ keepErrors: true })).resolves.toEqual([
      { result: "OK", error: undefined },
      { result: undefined, error: expect.stringMatching(/^WRONGTYPE/) },
      { result: "v", error: undefined },
    ]);
  });

  test("a transaction answers all replies and runs as one", async () => {
    const increments = Array.from({ length: 20 }, () => database.sdk.multi().incr("n").get("n").exec());
    for (const [count, text] of await Promise.all(increments)) expect(text).toBe(String(count));
  });

  test("a transaction with an unknown command changes nothing", async () => {
    const response = await fetch(`${database.upstash.url}/multi-exec`, {
      method: "POST",
      headers: { authorization: `Bearer ${database.upstash.token}`, "content-type": "application/json" },
      body: JSON.stringify([["SET", "k", "v"], ["NOSUCH"]]),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/^EXECABORT/) });
    await expect(reply(["GET", "k"])).resolves.toBeNull();
  });

  const texts = ["€ ünï", "OK", "", "a\nb\t\u0000c", '{"a":"b"}', "T0s="];
  test.each(texts)("the text %j survives the way there and back", async (text) => {
    await reply(["HSET", "h", text, text]);
    await expect(reply(["HGET", "h", text])).resolves.toBe(text);
    await expect(reply(["HGETALL", "h"])).resolves.toEqual([text, text]);
  });

  test("losing everything forgets keys and scripts", async () => {
    await reply(["SET", "k", "v"]);
    await reply(["SCRIPT", "LOAD", "return 1"]);
    await database.upstash.loseEverything();
    await expect(reply(["DBSIZE"])).resolves.toBe(0);
    await expect(reply(["SCRIPT", "EXISTS", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"])).resolves.toEqual([
      0,
    ]);
  });

  test("commands are counted as they arrive, in pipelines too", async () => {
    const before = database.upstash.commandCounts();
    await database.sdk.pipeline().get("k").get("k").set("k", "v").exec();
    const after = database.upstash.commandCounts();
    expect((after.GET ?? 0) - (before.GET ?? 0)).toBe(2);
    expect((after.SET ?? 0) - (before.SET ?? 0)).toBe(1);
  });
});

interface AnyOrder {
  readonly anyOrder: readonly string[];
}

const isAnyOrder = (value: unknown): value is AnyOrder =>
  typeof value === "object" && value !== null && "anyOrder" in value;

/** Sorts the answer's lists exactly where the expectation leaves the order open. */
function sorted(actual: unknown, expected: unknown): unknown {
  if (isAnyOrder(expected)) return Array.isArray(actual) ? [...actual].sort() : actual;
  if (Array.isArray(expected) && Array.isArray(actual)) {
    return actual.map((item, index) => sorted(item, expected[index]));
  }
  return actual;
}

function plain(expected: unknown): unknown {
  if (isAnyOrder(expected)) return [...expected.anyOrder].sort();
  return Array.isArray(expected) ? expected.map(plain) : expected;
}
