/** What a script may rely on, the same on every engine: the product's scripts are written against this. */
import { describe, expect, test } from "vitest";
import { StoreRefusedError } from "@/lib/errors";
import type { ScriptReply } from "@/lib/redis";
import { availableEngines, type TestDatabase, useDatabase } from "./engines";

const engines = await availableEngines();

describe.each(engines)("scripts on %s", (engine) => {
  let database: TestDatabase;
  useDatabase(engine, (started) => {
    database = started;
  });

  const conversions: [string, string, ScriptReply][] = [
    ["a number is truncated", "return 3.99", 3],
    ["a negative number is truncated towards zero", "return -3.99", -3],
    ["true is 1", "return true", 1],
    ["false is null", "return false", null],
    ["nothing is null", "return", null],
    ["a string stays a string", "return '1e5'", "1e5"],
    ["a table ends at its first nil", "return {1, 'a', nil, 2}", [1, "a"]],
    ["false inside a table is null and does not end it", "return {1, false, 2}", [1, null, 2]],
    ["tables nest", "return {{1, {'x'}}, {}}", [[1, ["x"]], []]],
    ["a table of names is empty", "return {a = 1}", []],
    ["a status is its text", "return {ok = 'FINE'}", "FINE"],
    ["a status reply is its text", "return redis.status_reply('FINE')", "FINE"],
    ["a missing value is false for the script", "return redis.call('GET', 'none') == false and 1 or 0", 1],
    ["an integer is a number for the script", "return type(redis.call('HLEN', 'none'))", "number"],
    ["a status is a table for the script", "return redis.call('SET', 'k', 'v').ok", "OK"],
    ["an array is a table for the script", "return #redis.call('HMGET', 'none', 'a', 'b')", 2],
    [
      "a SHA-1 is given in hexadecimal",
      "return redis.sha1hex('')",
      "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    ],
  ];
  test.each(conversions)("%s", async (_title, lua, expected) => {
    await expect(database.run(lua)).resolves.toEqual(expected);
  });

  const arithmetic: [string, string, ScriptReply][] = [
    ["seconds times 1000 do not wrap", "return 1763800000 * 1000", 1_763_800_000_000],
    ["folded constants do not wrap", "return 30 * 24 * 60 * 60 * 1000", 2_592_000_000],
    ["text converts to a number that does not wrap", "return tonumber(ARGV[1]) * 1000", 1_763_800_000_000],
    ["text in arithmetic does not wrap", "return ARGV[1] * 1000", 1_763_800_000_000],
    ["floor does not bring integers back", "return math.floor(ARGV[1] + 0.5) * 1000", 1_763_800_000_000],
    ["max does not bring integers back", "return math.max(1763800000, #KEYS) * 1000", 1_763_800_000_000],
    ["%d writes epoch milliseconds", "return string.format('%d', 1763800000123)", "1763800000123"],
    ["%.0f writes epoch milliseconds", "return string.format('%.0f', 1763800000123)", "1763800000123"],
    [
      "%d pads and goes on with what follows",
      "return string.format('%05d|%s|%%d|%d', 42, 'x', 7)",
      "00042|x|%d|7",
    ],
    ["a method call formats as well", "return ('%d'):format(1763800000123)", "1763800000123"],
    ["a whole number joins text without a fraction", "return 'n' .. 10 / 2", "n5"],
    ["epoch milliseconds join text in full", "return 'n' .. 1763800000 * 1000", "n1763800000000"],
    ["tostring writes a whole number plainly", "return tostring(3)", "3"],
    ["a loop counts in whole numbers", "local s = '' for i = 1, 3 do s = s .. i end return s", "123"],
    ["the remainder is a number", "return 1763800000123 % 1000", 123],
    ["comparison of text and number after conversion holds", "return tonumber('10') > 9 and 1 or 0", 1],
    ["hexadecimal literals are numbers", "return 0xff", 255],
    ["numbers inside strings and comments are left alone", "-- 12\nreturn 'a12' .. [[34]]", "a1234"],
  ];
  test.each(arithmetic)("%s", async (_title, lua, expected) => {
    await expect(database.run(lua, [], ["1763800000"])).resolves.toEqual(expected);
  });

  const tables: [string, string, ScriptReply][] = [
    [
      "unpack spreads a list into a command",
      "redis.call('SADD', 's', unpack({'a', 'b'})) return redis.call('SCARD', 's')",
      2,
    ],
    ["table.concat joins", "return table.concat({'a', 'b', 1}, ',')", "a,b,1"],
    ["table.insert and # agree", "local t = {} table.insert(t, 'x') return #t", 1],
    ["table.sort orders", "local t = {3, 1, 2} table.sort(t) return t", [1, 2, 3]],
    ["string.match captures", "return {string.match('12-34', '(%d+)-(%d+)')}", ["12", "34"]],
    [
      "pcall catches an error of a command as text",
      "local fine, e = pcall(redis.call, 'HGET', 'k') return {fine, string.sub(e, 1, 4)}",
      [null, "ERR "],
    ],
    ["select counts arguments", "return select('#', 1, nil, 3)", 3],
  ];
  test.each(tables)("%s", async (_title, lua, expected) => {
    await expect(database.run(lua)).resolves.toEqual(expected);
  });

  const json: [string, string, ScriptReply][] = [
    ["cjson writes epoch milliseconds in full", "return cjson.encode(1763800000123)", "1763800000123"],
    ["cjson writes a list", "return cjson.encode({1, 'a', true, {}})", '[1,"a",true,{}]'],
    ["cjson writes an object", "return cjson.encode({a = cjson.null})", '{"a":null}'],
    ["cjson escapes", "return cjson.encode('a\"/\\n')", '"a\\"\\/\\n"'],
    ["cjson keeps text beyond ASCII", "return cjson.encode(cjson.decode('\"\\\\u20ac\"'))", '"€"'],
    [
      "cjson reads what ARGV holds",
      "local v = cjson.decode(ARGV[1]) return {v.a[2], v.b, v.c.d}",
      ["2", 1_763_800_000_123, "€"],
    ],
    ["cjson reads null as cjson.null", "return cjson.decode('{\"a\":null}').a == cjson.null and 1 or 0", 1],
    ["cjson counts with what it read", "return cjson.decode('1763800000') * 1000", 1_763_800_000_000],
  ];
  test.each(json)("%s", async (_title, lua, expected) => {
    const argument = '{"a":["1","2"],"b":1763800000123,"c":{"d":"€"}}';
    await expect(database.run(lua, [], [argument])).resolves.toEqual(expected);
  });

  test("a number handed to a command is written in full", async () => {
    await database.run("redis.call('HSET', KEYS[1], 'at', 1763800000 * 1000 + 123, 'half', 0.5)", ["h"]);
    await expect(database.run("return redis.call('HGETALL', KEYS[1])", ["h"])).resolves.toEqual([
      "at",
      "1763800000123",
      "half",
      "0.5",
    ]);
  });

  test("keys and arguments arrive in order, as bytes, and numeric text stays text", async () => {
    const reply = await database.run(
      "return {KEYS[1], KEYS[2], ARGV[1], ARGV[2], #ARGV, #ARGV[3]}",
      ["k1", "k2"],
      ["0012", "", "€"],
    );
    expect(reply).toEqual(["k1", "k2", "0012", "", 3, 3]);
  });

  test("TIME gives seconds and microseconds of today", async () => {
    const before = Date.now();
    const reply = await database.run(
      "local t = redis.call('TIME') return string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))",
    );
    expect(Number(reply)).toBeGreaterThanOrEqual(before - 1);
    expect(Number(reply)).toBeLessThanOrEqual(Date.now() + 1);
  });

  const refusals: [string, string, string][] = [
    [
      "an error reply keeps its own code",
      "return redis.error_reply('STALE lease 7')",
      "Redis answered STALE",
    ],
    ["an error table keeps its own code", "return {err = 'STALE lease 7'}", "Redis answered STALE"],
    ["an error reply of one word is an ERR", "return redis.error_reply('STALE')", "Redis answered ERR"],
    ["redis.pcall hands the error on", "return redis.pcall('GET', KEYS[1])", "Redis answered WRONGTYPE"],
    [
      "redis.call stops the script at its line",
      "local x = 1\nredis.call('GET', KEYS[1])\nreturn x",
      "Redis answered WRONGTYPE at line 2 of the script",
    ],
    ["error() stops the script at its line", "\n\nerror('no')", "Redis answered ERR at line 3 of the script"],
    ["a global cannot be made", "x = 1", "Redis answered ERR at line 1 of the script"],
    ["a global cannot be guessed", "return os2", "Redis answered ERR at line 1 of the script"],
    ["what does not compile is refused", "return (", "Redis answered ERR at line 1 of the script"],
    ["operators of a newer Lua are refused", "return 7 // 2", "Redis answered ERR at line 1 of the script"],
  ];
  test.each(refusals)("%s", async (_title, lua, message) => {
    await database.run("redis.call('HSET', KEYS[1], 'a', 1)", ["h"]);
    const error = await database.run(lua, ["h"]).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StoreRefusedError);
    expect(error).toMatchObject({ cause: { message } });
  });

  const closed: [string, string][] = [
    ["a command off the list", "return redis.call('CONFIG', 'GET', 'dir')"],
    ["a command that nobody knows", "return redis.call('NOSUCH')"],
    ["a script inside a script", "return redis.call('EVAL', 'return 1', 0)"],
    ["too few arguments", "return redis.call('HGET', 'k')"],
    ["a table as an argument", "return redis.call('GET', {})"],
    ["a wider Lua: io", "return io.open('/etc/passwd')"],
    ["a wider Lua: require", "return require('os')"],
    ["a wider Lua: utf8", "return utf8.char(65)"],
    ["a wider Lua: table.pack", "return table.pack(1)"],
    ["a wider Lua: math.type", "return math.type(1)"],
    ["a sparse list as JSON", "return cjson.encode({[100] = 1})"],
    ["JSON that is none", "return cjson.decode('{')"],
  ];
  test.each(closed)("%s is refused", async (_title, lua) => {
    await expect(database.run(lua)).rejects.toBeInstanceOf(StoreRefusedError);
  });

  test("what a script wrote before it failed stays, as in every Redis", async () => {
    await database.run("redis.call('SET', KEYS[1], 'v') error('late')", ["k"]).catch(() => undefined);
    await expect(database.run("return redis.call('GET', KEYS[1])", ["k"])).resolves.toBe("v");
  });

  test("a hundred scripts at once count to a hundred", async () => {
    const lua =
      "local n = tonumber(redis.call('GET', KEYS[1]) or '0') redis.call('SET', KEYS[1], n + 1) return n + 1";
    const replies = await Promise.all(Array.from({ length: 100 }, () => database.run(lua, ["n"])));
    expect(new Set(replies).size).toBe(100);
    await expect(database.run("return redis.call('GET', KEYS[1])", ["n"])).resolves.toBe("100");
  });

  test("one script leaves nothing in the interpreter for the next", async () => {
    await database.run("local seen = ARGV[1] return seen", [], ["first"]);
    await expect(database.run("return {#KEYS, #ARGV}")).resolves.toEqual([0, 0]);
  });

  test("a script is sent in full only until it is known", async () => {
    const before = database.upstash.commandCounts().EVAL ?? 0;
    await database.run("return 'counted'");
    await database.run("return 'counted'");
    expect((database.upstash.commandCounts().EVAL ?? 0) - before).toBe(1);
  });
});
