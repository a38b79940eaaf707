/** The short way through a function of the prelude answers as the long way does, which other arguments that mean the same take. */
import { expect, test } from "vitest";
import { createMemoryEngine } from "@/lib/local/upstash/memory/memory-engine";
import { VirtualClock } from "@/lib/local/virtual-clock";

const numbers = [
  "0.0",
  "-0.0",
  "0.5",
  "1.5",
  "2.5",
  "-0.5",
  "-7.25",
  "1767225600000",
  "2^53",
  "1e20",
  "1e21",
  "-1e21",
];
const none = ["1/0.0", "-1/0.0", "0/0.0"];
const texts = [
  "0",
  "007",
  "42",
  "-42",
  " 42 ",
  "0x10",
  "1e3",
  "4.5",
  "",
  "x",
  "4 2",
  "123456789012345",
  "99999999999999999999",
];

/** Two ways to write the same; `%.17g` and the sign of what is divided by it tell every two numbers apart. */
const pairs: [string, string][] = [
  ...[...numbers, ...none].flatMap((number): [string, string][] => [
    [`math.floor(${number})`, `math.floor(${number}, 0)`],
    [`math.ceil(${number})`, `math.ceil(${number}, 0)`],
    [`tonumber(${number})`, `tonumber(${number}, nil)`],
    [`string.format('%.0f', ${number})`, `string.format('%1.0f', ${number})`],
  ]),
  ...numbers.flatMap((left) =>
    [...numbers, ...none].flatMap((right): [string, string][] => [
      [`math.max(${left}, ${right})`, `math.max(${left}, ${right}, ${left})`],
      [`math.min(${left}, ${right})`, `math.min(${left}, ${right}, ${left})`],
    ]),
  ),
  ...texts.map((text): [string, string] => [`tonumber('${text}')`, `tonumber('${text}', nil)`]),
];

test("every number and text gets the answer that the prelude gives it", async () => {
  const engine = await createMemoryEngine({ clock: new VirtualClock(0) });
  const expressions = pairs.flat().map((expression) => `shown(${expression})`);
  const shown = `local function shown(value)
    if type(value) ~= 'number' then return type(value) .. ' ' .. tostring(value) end
    return type(value) .. ' ' .. string.format('%.17g', value) .. ' ' .. string.format('%.17g', 1 / value)
  end`;
  const answers = await engine.execute(["EVAL", `${shown} return {${expressions.join(",")}}`, "0"]);
  if (answers.kind !== "array") throw new Error(JSON.stringify(answers));
  const found = answers.items.map((item) => (item.kind === "bytes" ? item.bytes : item.kind));
  expect(found).toHaveLength(2 * pairs.length);
  for (const [index, pair] of pairs.entries()) {
    expect({ of: pair, is: found[2 * index] }).toEqual({ of: pair, is: found[2 * index + 1] });
  }
});
