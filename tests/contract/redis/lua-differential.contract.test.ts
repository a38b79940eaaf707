/**
 * The in-process engine's Lua against a real Redis's: the same programs get the same replies, and the same errors at the
 * same lines. Needs the real one; without it nothing is registered as passing.
 */
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { type Random, seededRandom } from "@/lib/random";
import { findBackends } from "@/tests/support/backends";
import { answersOfBoth, type CommandLine } from "./both-engines";
import { luaSemantics } from "./lua-semantics";
import { expressionProgram, formatProgram, patternProgram, tableProgram } from "./random-lua-programs";

const { redisServer } = await findBackends();

const kinds: [string, number, (random: Random) => string][] = [
  ["expressions", 1, expressionProgram],
  ["patterns", 2, patternProgram],
  ["formats", 3, formatProgram],
  ["tables", 4, tableProgram],
];
const programsPerKind = 300;

describe.skipIf(redisServer === undefined)("Lua in-process and in a real Redis", () => {
  test("mean the same by programs that were chosen by hand", async () => {
    await expectTheSame(luaSemantics);
  });

  test.each(kinds)("mean the same by random %s of seed %d", async (_kind, seed, makeProgram) => {
    const random = seededRandom(seed);
    await expectTheSame(Array.from({ length: programsPerKind }, () => makeProgram(random)));
  });
});

async function expectTheSame(programs: readonly string[]): Promise<void> {
  const commands = [
    ["SET", "a-string", "x"] satisfies CommandLine,
    ...programs.map((lua): CommandLine => ["EVAL", lua, "0"]),
  ];
  const { inProcess, real } = await answersOfBoth(commands);
  const different = commands.flatMap(([, lua], at) => {
    const [here, there] = [comparable(inProcess[at]), comparable(real[at])];
    return isDeepStrictEqual(here, there) ? [] : [{ lua, inProcess: here, real: there }];
  });
  expect(different).toEqual([]);
}

/**
 * As text, without what JavaScript cannot know (the sign of what is no number, addresses), what the two parsers word otherwise (the
 * line of a syntax error is compared, its text is not), and Lua's one table of constants, in which 0 and -0 are the same.
 */
const comparable = (answer: unknown): string =>
  (JSON.stringify(answer) ?? "")
    .replace(/-nan/g, "nan")
    .replace(/(table|function): 0x[0-9a-f]+/g, "$1")
    .replace(/(Error compiling script \(new function\): user_script:\d+:).*/, "$1")
    .replace(/(?<![\d.e])-0(?![\d.x])/g, "0");
