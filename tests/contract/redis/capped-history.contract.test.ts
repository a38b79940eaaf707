/**
 * A capped history in a stream, as the product's scripts write and read one, the same on every engine and through the
 * shipping client, which asks for base64.
 */
import { describe, expect, test } from "vitest";
import { systemRandom } from "@/lib/random";
import { availableEngines, type TestDatabase, useDatabase } from "./engines";

const engines = await availableEngines();

const append = `
redis.call('XADD', KEYS[1], 'MAXLEN', '3', '*', 'reason', ARGV[1], 'detail', ARGV[2])
return redis.call('XLEN', KEYS[1])`;
const newest = "return redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', ARGV[1])";
const reasons = `
local found = {}
for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], '+', '-')) do
  found[#found + 1] = entry[2][2]
end
return { found, type(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 0)) }`;

describe.each(engines)("a capped history on %s", (engine) => {
  let database: TestDatabase;
  useDatabase(
    engine,
    (started) => {
      database = started;
    },
    { random: systemRandom, keptWrites: 4 },
  );
  const add = (reason: string, detail = "-") => database.run(append, ["h"], [reason, detail]);
  const reasonsOf = async () =>
    (await database.sdk.eval<string[], [string[], string]>(reasons, ["h"], []))[0];

  test("keeps the newest entries, and reads them from the newest, nested as Redis nests them", async () => {
    for (const reason of ["one", "OK", "€", ""]) await add(reason, "a\u0000b");
    const id = expect.stringMatching(/^\d{13}-\d+$/);
    expect(await database.run(newest, ["h"], ["2"])).toEqual([
      [id, ["reason", "", "detail", "a\u0000b"]],
      [id, ["reason", "€", "detail", "a\u0000b"]],
    ]);
    expect(await database.run(newest, ["h"], ["9"])).toHaveLength(3);
  });

  test("is tables of tables for a script, and none of it is false", async () => {
    for (const reason of ["one", "two"]) await add(reason);
    expect(await database.run(reasons, ["h"])).toEqual([["two", "one"], "boolean"]);
    expect(await database.run(reasons, ["none"])).toEqual([[], "table"]);
  });

  test("gives each of many entries of one script an id of its own, in order", async () => {
    const many = `
      local ids = {}
      for i = 1, 50 do ids[i] = redis.call('XADD', KEYS[1], '*', 'n', i) end
      local read = redis.call('XRANGE', KEYS[1], '-', '+')
      for i = 1, 50 do if read[i][1] ~= ids[i] or read[i][2][2] ~= tostring(i) then return i end end
      return #read`;
    expect(await database.run(many, ["h"])).toBe(50);
  });

  test("stays when trimming has emptied it, expires as any key, and starts again from nothing", async () => {
    await database.run("redis.call('XADD', KEYS[1], 'MAXLEN', 0, '7-7', 'f', 'v')", ["h"]);
    const state =
      "return {redis.call('TYPE', KEYS[1]).ok, redis.call('XLEN', KEYS[1]), redis.call('PTTL', KEYS[1])}";
    expect(await database.run(state, ["h"])).toEqual(["stream", 0, -1]);
    await expect(
      database.run("return redis.call('XADD', KEYS[1], '7-7', 'f', 'v')", ["h"]),
    ).rejects.toThrow();
    await database.run("return redis.call('PEXPIRE', KEYS[1], 0)", ["h"]);
    expect(await database.run(state, ["h"])).toEqual(["none", 0, -2]);
    expect(await database.run("return redis.call('XADD', KEYS[1], '0-*', 'f', 'v')", ["h"])).toBe("0-1");
  });

  test("is of a kind of its own, in both directions", async () => {
    await add("one");
    const kinds = `
      redis.call('SET', KEYS[2], 'v')
      local found = {}
      for _, command in ipairs({
        {'GET', KEYS[1]}, {'HGET', KEYS[1], 'f'}, {'ZCARD', KEYS[1]}, {'XLEN', KEYS[2]},
        {'XRANGE', KEYS[2], '-', '+'}, {'XREVRANGE', KEYS[2], '+', '-'}, {'XADD', KEYS[2], '*', 'f', 'v'},
      }) do
        local reply = redis.pcall(unpack(command))
        found[#found + 1] = type(reply) == 'table' and string.match(reply.err or '', '^%u+') or 'answered'
      end
      return found`;
    expect(await database.run(kinds, ["h", "s"])).toEqual(Array(7).fill("WRONGTYPE"));
  });

  test("loses what is rolled back, and has again what was trimmed for it", async () => {
    for (const reason of ["one", "two", "three", "four", "five"]) await add(reason);
    expect(await reasonsOf()).toEqual(["five", "four", "three"]);
    expect(await database.upstash.rollBackWrites(2)).toBe(2);
    expect(await reasonsOf()).toEqual(["three", "two", "one"]);
    await add("six");
    expect(await reasonsOf()).toEqual(["six", "three", "two"]);
  });

  test("is a write that was rolled back when it was the first, and none when it was refused", async () => {
    await add("one");
    await database.sdk.eval("return redis.pcall('XADD', KEYS[1], '1-1', 'f', 'v') and 1", ["h"], []);
    expect(await database.upstash.rollBackWrites(1)).toBe(1);
    expect(await database.sdk.exists("h")).toBe(0);
  });

  test("is written by no script that says it only reads, and under locked keys only by its declared key", async () => {
    const said = (flags: string, key: string) =>
      `#!lua flags=${flags}\nlocal r = redis.pcall('XADD', ${key}, '*', 'f', 'v') return type(r) == 'table' and r.err or 'added'`;
    const ask = (lua: string) => database.sdk.eval(lua, ["h"], []);
    expect(await ask(said("no-writes", "KEYS[1]"))).toMatch(/^ERR Write commands are not allowed/);
    expect(await ask(said("allow-key-locking", "'other'"))).toMatch(/Key was: other$/);
    expect(await ask(said("allow-key-locking", "KEYS[1]"))).toBe("added");
  });
});
