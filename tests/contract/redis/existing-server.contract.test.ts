/** A Redis that was there before (`REDIS_URL`): what may be taken, and that nothing of anybody else's is ever touched. */
import { tmpdir } from "node:os";
import type { Redis as RedisClient } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "@/lib/clock";
import { startUpstash, type UpstashStartOptions } from "@/lib/local/upstash/start-upstash";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { jsonLog, silentLog } from "@/lib/log";
import { systemRandom } from "@/lib/random";
import { findBackends } from "@/tests/support/backends";
import { password, type RunningRedis, startRunningRedis } from "./running-redis";

const { redisServer } = await findBackends();

describe.skipIf(redisServer === undefined)("a Redis that was there before", () => {
  let running: RunningRedis;
  let neighbour: RedisClient;
  beforeEach(async () => {
    running = await startRunningRedis();
    neighbour = running.connect(8);
    await neighbour.set("theirs", "kept");
  });
  afterEach(async () => {
    expect(await neighbour.get("theirs")).toBe("kept");
    await running.stop();
  });

  const start = (redisUrl: string, extra: Partial<UpstashStartOptions> = {}) =>
    startUpstash({
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      folder: tmpdir(),
      engine: "auto",
      redisUrl,
      ...extra,
    });

  async function ask(upstash: { url: string; token: string }, ...command: string[]): Promise<unknown> {
    const headers = { authorization: `Bearer ${upstash.token}`, "content-type": "application/json" };
    const answer = await fetch(upstash.url, { method: "POST", headers, body: JSON.stringify(command) });
    return answer.json();
  }

  test("is what auto takes where it is named, and says its version", async () => {
    const upstash = await start(running.url(9));
    expect(upstash).toMatchObject({ engine: "redis-server", version: expect.stringMatching(/^\d+\.\d+/) });
    expect(await ask(upstash, "SET", "k", "v")).toEqual({ result: "OK" });
    expect(await running.connect(9).get("k")).toBe("v");
    await upstash.stop();
  });

  test("is empty again after stop, its other databases untouched", async () => {
    const upstash = await start(running.url(9));
    await ask(upstash, "SET", "k", "v");
    await upstash.stop();
    expect(await running.connect(9).dbsize()).toBe(0);
  });

  test("loses everything of its own database only", async () => {
    const upstash = await start(running.url(9));
    await ask(upstash, "SET", "k", "v");
    await upstash.loseEverything();
    expect(await ask(upstash, "DBSIZE")).toEqual({ result: 0 });
    await upstash.stop();
  });

  const refusals: [string, (redis: RunningRedis) => string, RegExp][] = [
    ["database 0", (redis) => redis.url(0), /by a number that is not 0/],
    ["no database", (redis) => redis.url(undefined), /by a number that is not 0/],
    ["a database that is not empty", (redis) => redis.url(8), /is in use by another program/],
    ["another machine", () => `redis://:${password}@redis.example:6379/9`, /on another machine/],
    ["no address", () => "127.0.0.1:6379", /no address that begins with redis:/],
    ["another scheme", () => `https://:${password}@127.0.0.1/9`, /no address that begins with redis:/],
  ];
  test.each(refusals)(
    "%s is refused with a sentence, and without the password",
    async (_title, url, reason) => {
      const refusal = await start(url(running)).catch((error: unknown) => error);
      expect(String(refusal)).toMatch(reason);
      expect(String(refusal)).not.toContain("CANARY");
    },
  );

  test("a database that somebody left full is refused, and stays full", async () => {
    const somebody = running.connect(7);
    await somebody.set("theirs", "kept");
    somebody.disconnect();
    await expect.poll(async () => String(await neighbour.client("LIST"))).not.toContain(" db=7 ");
    await expect(start(running.url(7))).rejects.toThrow(/is not empty/);
    expect(await running.connect(7).get("theirs")).toBe("kept");
  });

  test("an empty database that another program has open is refused", async () => {
    await running.connect(7).ping();
    await expect(start(running.url(7))).rejects.toThrow(/in use by another program/);
  });

  test("a second local Upstash does not get what the first one has", async () => {
    const upstash = await start(running.url(9));
    await expect(start(running.url(9))).rejects.toThrow(/in use by another program/);
    await upstash.stop();
  });

  test("once somebody else has come in, nothing is emptied, at stop neither", async () => {
    const lines: string[] = [];
    const log = { ...jsonLog, warn: (fields: object) => void lines.push(JSON.stringify(fields)) };
    const upstash = await start(running.url(9), { log, keptWrites: 1 });
    await ask(upstash, "SET", "ours", "v");
    const guest = running.connect(9);
    await guest.set("theirs", "kept");
    const inUse = /in use by 1 other connection/;
    await expect(upstash.loseEverything()).rejects.toThrow(inUse);
    await expect(upstash.rollBackWrites(1)).rejects.toThrow(inUse);
    expect(await ask(upstash, "FLUSHDB")).toEqual({ error: expect.stringMatching(inUse) });
    expect(await ask(upstash, "EVAL", "return redis.call('FLUSHDB')", "0")).toEqual({
      error: expect.stringMatching(/^ERR a script does not empty/),
    });
    await upstash.stop();
    expect(lines.join()).toMatch(inUse);
    expect(await guest.get("theirs")).toBe("kept");
  });

  test("its other commands stay out of reach, inside scripts too", async () => {
    const upstash = await start(running.url(9));
    for (const lua of ["return redis.call('CONFIG', 'GET', '*')", "return redis.pcall('flushall')"]) {
      expect(await ask(upstash, "EVAL", lua, "0")).toEqual({
        error: expect.stringMatching(/^ERR This Redis command is not allowed from script/),
      });
    }
    expect(await ask(upstash, "FLUSHALL")).toEqual({ error: "ERR unknown command 'FLUSHALL'" });
    await upstash.stop();
  });

  test("an injected clock is refused where it was asked for, and makes auto take the in-process engine", async () => {
    const clock = new VirtualClock();
    await expect(start(running.url(9), { clock, engine: "redis-server" })).rejects.toThrow(
      /clock of its own/,
    );
    const upstash = await start(running.url(9), { clock });
    expect(upstash.engine).toBe("in-process");
    await upstash.stop();
  });
});
