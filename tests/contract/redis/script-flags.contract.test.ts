/**
 * What the first line of a script may ask for, the same on every engine, through the SDK. @upstash/ratelimit 2.1 opens
 * each of its scripts with such a line; the rules are Upstash's (upstash.com/docs/redis/features/key-locking).
 */
import { describe, expect, test } from "vitest";
import { availableEngines, type TestDatabase, useDatabase } from "./engines";

const engines = await availableEngines();

const locking = "#!lua flags=allow-key-locking\n";

/** Of the shape that a rate limiter sends: counts in a window, and answers what is left. */
const window = `#!lua flags=allow-key-locking
  local key, limit, windowMs, by = KEYS[1], tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
  local used = redis.call("INCRBY", key, by)
  if used == by then redis.call("PEXPIRE", key, windowMs) end
  return { used, math.max(0, limit - used), redis.call("PTTL", key) > 0 and 1 or 0 }
`;

describe.each(engines)("script flags on %s", (engine) => {
  let database: TestDatabase;
  useDatabase(engine, (started) => {
    database = started;
  });

  const evalOf = (lua: string, keys: string[] = [], args: string[] = []) =>
    database.sdk.eval(lua, keys, args).catch((error: unknown) => {
      if (!(error instanceof Error)) throw error;
      return error.message.replace(/^Command failed: /, "").replace(/, command was: [\s\S]*$/, "");
    });

  test("a rate limiter's script counts, and is known by the SHA-1 of what was sent", async () => {
    const script = database.sdk.createScript<number[]>(window);
    expect(await script.exec(["k"], ["10", "60000", "3"])).toEqual([3, 7, 1]);
    expect(await script.exec(["k"], ["10", "60000", "8"])).toEqual([11, 0, 1]);
    expect(database.upstash.commandCounts()).toMatchObject({ EVAL: 1, EVALSHA: 2 });
  });

  test("SCRIPT LOAD answers that SHA-1, EXISTS knows it, FLUSH forgets it", async () => {
    const script = database.sdk.createScript(window);
    const sha = await database.sdk.scriptLoad(window);
    expect(sha).toBe(await shaOf(window));
    expect(await database.sdk.scriptExists(sha, "0".repeat(40))).toEqual([1, 0]);
    expect(await database.sdk.evalsha(sha.toUpperCase(), ["k"], ["10", "60000", "1"])).toEqual([1, 9, 1]);
    await database.sdk.scriptFlush();
    expect(await database.sdk.scriptExists(sha)).toEqual([0]);
    await expect(database.sdk.evalsha(sha, ["k"], [])).rejects.toThrow(/NOSCRIPT/);
    expect(await script.exec(["k"], ["10", "60000", "1"])).toEqual([2, 8, 1]);
  });

  test("it runs in pipelines and transactions, by text and by SHA-1", async () => {
    const sha = await shaOf(window);
    const both = (commands: ReturnType<typeof database.sdk.pipeline>) =>
      commands
        .eval(window, ["k"], ["10", "60000", "1"])
        .evalsha(sha, ["k"], ["10", "60000", "1"])
        .get("k")
        .exec();
    expect(await both(database.sdk.multi())).toEqual([[1, 9, 1], [2, 8, 1], "2"]);
    expect(await both(database.sdk.pipeline())).toEqual([[3, 7, 1], [4, 6, 1], "4"]);
  });

  test("an error names the SHA-1 of what was sent, and the script's own line", async () => {
    const lua = `${locking}local x = 1\nlocal y = redis.call('HGET', KEYS[1], 'f')\nreturn y`;
    await database.sdk.set("k", "text");
    const error = await evalOf(lua, ["k"]);
    expect(error).toMatch(/^WRONGTYPE /);
    expect(error).toContain(await shaOf(lua));
    expect(/user_script:(\d+)/.exec(String(error))?.[1]).toBe("3");
  });

  const dynamic =
    "ERR Dynamic keys are not allowed in Lua scripts when 'allow-key-locking' flag is set. Key was: other";
  const refusals: [string, string, string][] = [
    ["a key that KEYS lacks is refused", `${locking}return redis.call('GET', 'other')`, dynamic],
    ["a key made of arguments is refused", `${locking}return redis.call('GET', 'oth' .. ARGV[1])`, dynamic],
    ["each of several keys counts", `${locking}return redis.call('DEL', KEYS[1], 'other')`, dynamic],
    ["redis.pcall is no way around", `${locking}return redis.pcall('get', 'other')`, dynamic],
    [
      "the whole database is refused",
      `${locking}return redis.call('FLUSHDB')`,
      "ERR a script with the 'allow-key-locking' flag cannot call what needs the whole database",
    ],
    [
      "a read-only script does not write",
      "#!lua flags=no-writes\nreturn redis.call('SET', KEYS[1], 'v')",
      "ERR Write commands are not allowed from read-only scripts.",
    ],
    [
      "a read-only script with locks does not write either",
      "#!lua flags=no-writes,allow-key-locking\nreturn redis.call('DEL', KEYS[1])",
      "ERR Write commands are not allowed from read-only scripts.",
    ],
    [
      "a flag that nobody documents is refused",
      "#!lua flags=allow-key-locking,go-faster\nreturn 1",
      "ERR Unexpected flag in script shebang: go-faster",
    ],
    [
      "another language is refused",
      "#!python\nreturn 1",
      "ERR Unexpected engine in script shebang: #!python",
    ],
    ["another option is refused", "#!lua name=x\nreturn 1", "ERR Unknown lua shebang option: name=x"],
    ["a line without a script is refused", "#!lua flags=allow-key-locking", "ERR Invalid script shebang"],
    [
      "flags on a later line are no Lua",
      "\n#!lua flags=allow-key-locking\nreturn 1",
      "ERR Error compiling script (new function): user_script:2:",
    ],
  ];
  test.each(refusals)("%s", async (_title, lua, message) => {
    await database.sdk.set("k", "kept");
    await database.sdk.set("other", "kept");
    expect(String(await evalOf(lua, ["k"], ["er"])).slice(0, message.length)).toBe(message);
    expect(await database.sdk.exists("k", "other")).toBe(2);
  });

  const allowed: [string, string, unknown][] = [
    [
      "a key in KEYS under a name that was put together",
      `${locking}return redis.call('GET', 'k' .. '')`,
      "v",
    ],
    ["what names no key", `${locking}return #redis.call('TIME')`, 2],
    ["reading", "#!lua flags=no-writes\nreturn redis.call('GET', KEYS[1])", "v"],
    ["a first line without flags", "#!lua\nreturn redis.call('GET', 'k')", "v"],
    ["the rest of redis", `${locking}return redis.sha1hex('')`, "da39a3ee5e6b4b0d3255bfef95601890afd80709"],
    ["a caught error", `${locking}local fine = pcall(redis.call, 'HGET', KEYS[1]) return fine and 1 or 0`, 0],
  ];
  test.each(allowed)("%s is allowed", async (_title, lua, expected) => {
    await database.sdk.set("k", "v");
    expect(await evalOf(lua, ["k"])).toEqual(expected);
  });

  test("without the flag a script may touch what it did not declare", async () => {
    expect(await evalOf("redis.call('SET', 'other', 'v') return redis.call('GET', 'other')")).toBe("v");
  });
});

async function shaOf(lua: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(lua));
  return Buffer.from(digest).toString("hex");
}
