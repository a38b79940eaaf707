/**
 * The in-process engine against a real Redis: the same random commands, given over REST and from inside scripts, get
 * the same answers. Needs the real one; without it nothing is registered as passing.
 */
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { type Random, seededRandom } from "@/lib/random";
import { findBackends } from "@/tests/support/backends";
import { type Answers, answersOfBoth, type CommandLine } from "./both-engines";
import { randomStreamCommand } from "./random-stream-commands";

const { redisServer } = await findBackends();

/** Streams apart: among all others their keys are seldom streams for long. */
const rounds: [string, number, (random: Random) => CommandLine][] = [
  ["commands of all kinds", 1, randomCommand],
  ["commands of all kinds", 2, randomCommand],
  ["commands of all kinds", 3, randomCommand],
  ["commands about streams", 4, randomStreamCommand],
];
const commandsPerSeed = 2_000;

describe.skipIf(redisServer === undefined)("the in-process engine and a real Redis", () => {
  test.each(rounds)("answer the same to random %s of seed %d", async (_kind, seed, makeCommand) => {
    const random = seededRandom(seed);
    const commands = Array.from({ length: commandsPerSeed }, () => makeCommand(random));
    const answers = await answersOfBoth(commands);
    expect(differences(commands, answers)).toEqual([]);
  });

  test.each(rounds)(
    "answer the same to random %s of seed %d inside scripts",
    async (_kind, seed, makeCommand) => {
      const random = seededRandom(seed);
      const commands = Array.from({ length: commandsPerSeed / 2 }, () => makeCommand(random));
      const lua = `local r = redis.pcall(unpack(ARGV))
      if type(r) == 'table' and r.err then return 'error ' .. string.match(r.err, '^%u+') end
      if type(r) == 'table' and r.ok then return 'status ' .. r.ok end
      return {type(r), r}`;
      const scripts = commands.map((command): CommandLine => ["EVAL", lua, "0", ...command]);
      const answers = await answersOfBoth(scripts);
      expect(differences(commands, answers)).toEqual([]);
    },
  );
});

function differences(commands: readonly CommandLine[], { inProcess, real }: Answers): unknown[] {
  return commands.flatMap((command, index) => {
    const [here, there] = [comparable(command, inProcess[index]), comparable(command, real[index])];
    const line = `#${index} ${command.join(" ")}`;
    return isDeepStrictEqual(here, there) ? [] : [{ line, inProcess: here, real: there }];
  });
}

/** Redis promises no order for these. */
const unordered = new Set(["SMEMBERS", "HGETALL", "SCAN"]);

function comparable([name]: CommandLine, answer: unknown): unknown {
  return unordered.has(name)
    ? JSON.stringify(answer)
        ?.split(/[[\],]/)
        .sort()
    : answer;
}

function randomCommand(random: Random): CommandLine {
  const pick = <T>(items: readonly [T, ...T[]]): T =>
    items[Math.floor(random.fraction() * items.length)] ?? items[0];
  const maybe = (...words: string[]): string[] => (random.fraction() < 0.3 ? words : []);
  const key = () => pick(["a", "b", "c", "d"]);
  const member = () => pick(["x", "y", "z", "xx", "€", ""]);
  const whole = () => pick(["0", "1", "-1", "2", "7", "1763800000123", "x", "1.5", "", " 1"]);
  const score = () => pick(["0", "1", "-1.5", "2.25", "1e3", "inf", "-inf", "1763800000123", "nan", "x"]);
  const bound = () => pick(["-inf", "+inf", "0", "(0", "1", "(1", "1763800000123", "(x", "2.25"]);
  // Absolute and far away: what is relative to now differs by the moments between the two engines.
  const instant = () => pick(["4102444800000", "4102444900000", "4102445000000", "x"]);
  const rank = () => pick(["0", "1", "-1", "-2", "5", "-9", "x"]);
  const limits = () => maybe("LIMIT", pick(["0", "1", "-1"]), pick(["-1", "0", "1", "2"]));
  const generators: readonly [() => CommandLine, ...(() => CommandLine)[]] = [
    () => ["GET", key()],
    () => ["SET", key(), whole(), ...maybe(pick(["NX", "XX", "KEEPTTL", "GET", "nx", "WRONG"]))],
    () => ["INCRBY", key(), whole()],
    () => ["DEL", key()],
    () => ["EXISTS", key(), key()],
    () => ["TYPE", key()],
    () => ["PEXPIREAT", key(), instant(), ...maybe(pick(["NX", "XX", "GT", "LT", "WRONG"]))],
    () => ["EXPIRE", key(), pick(["-1", "0", "x"])],
    () => ["PERSIST", key()],
    () => ["HSET", key(), member(), whole()],
    () => ["HSET", key(), member(), whole(), member(), whole()],
    () => ["HGET", key(), member()],
    () => ["HMGET", key(), member(), member()],
    () => ["HDEL", key(), member(), member()],
    () => ["HINCRBY", key(), member(), whole()],
    () => ["HGETALL", key()],
    () => ["HLEN", key()],
    () => ["SADD", key(), member(), member()],
    () => ["SREM", key(), member()],
    () => ["SISMEMBER", key(), member()],
    () => ["SMEMBERS", key()],
    () => ["ZADD", key(), score(), member()],
    () => [
      "ZADD",
      key(),
      ...maybe(pick(["NX", "XX", "GT", "LT"])),
      ...maybe("CH"),
      score(),
      member(),
      score(),
      member(),
    ],
    () => ["ZADD", key(), ...maybe(pick(["NX", "XX", "GT", "LT"])), "INCR", score(), member()],
    () => ["ZREM", key(), member(), member()],
    () => ["ZSCORE", key(), member()],
    () => ["ZCARD", key()],
    () => ["ZCOUNT", key(), bound(), bound()],
    () => ["ZRANGE", key(), rank(), rank(), ...maybe("REV"), ...maybe("WITHSCORES"), ...limits()],
    () => ["ZRANGE", key(), bound(), bound(), "BYSCORE", ...maybe("REV"), ...limits()],
    () => ["ZRANGEBYSCORE", key(), bound(), bound(), ...maybe("WITHSCORES"), ...limits()],
    () => ["ZREMRANGEBYSCORE", key(), bound(), bound()],
    () => [
      "XADD",
      key(),
      ...maybe("MAXLEN", pick(["=", "~"]), "1000"),
      pick(["1-1", "2-1", "5", "9-9", "x"]),
      "f",
      whole(),
    ],
    () => ["XADD", key(), "MAXLEN", pick(["2", "0", "-1", "x"]), pick(["3-3", "8", "10-1"]), "f", whole()],
    () => ["XLEN", key()],
    () => [
      "XREVRANGE",
      key(),
      pick(["+", "5", "(5"]),
      pick(["-", "2", "(2-1"]),
      ...maybe("COUNT", pick(["0", "1", "2"])),
    ],
    () => ["XRANGE", key(), pick(["-", "2", "(2-1"]), pick(["+", "5", "(5"])],
  ];
  return pick(generators)();
}
