/** The two places where a number's text decides whether the in-process engine counts as Redis does. */
import { describe, expect, test } from "vitest";
import { lua51Source, NewerLuaError } from "@/lib/local/upstash/memory/lua/lua51-source";
import { formatGeneral } from "@/lib/local/upstash/memory/lua/number-text";

describe("lua51Source", () => {
  const rewritten: [string, string][] = [
    ["return 1000", "return 1000.0"],
    ["x=t[1]+2*3", "x=t[1.0]+2.0*3.0"],
    ["return 0xFF", "return 255.0"],
    ["return -5", "return -5.0"],
    ["a=1 b=2", "a=1.0 b=2.0"],
  ];
  test.each(rewritten)("%j counts in doubles", (source, expected) => {
    expect(lua51Source(source)).toBe(expected);
  });

  const untouched = [
    "return 1.5 + 1e3 + 2E-3 + .5 + 3. + 1.5e10",
    "local a1, _2b, c3d4 = x1y, z9",
    "return '12' .. \"34\" .. [[56]] .. [==[78 ]] 9]==]",
    'return \'it\\\'s 12\' .. "\\"34\\""',
    "-- 12 // 34\nreturn a",
    "--[[ 12\n // & | 34 ]] return a",
    "--[==[ 12 ]] 13 ]==] return a",
    "return a ~= b, a .. b, f(...)",
  ];
  test.each(untouched)("%j stays as it is", (source) => {
    expect(lua51Source(source)).toBe(source);
  });

  const newer = ["return 7 // 2", "return a & b", "return a | b", "return ~a", "return a << b", "goto done"];
  test.each(newer)("%j is refused, as Lua 5.1 refuses it", (source) => {
    expect(() => lua51Source(`\n${source}`)).toThrow(NewerLuaError);
    expect(() => lua51Source(`\n${source}`)).toThrow(/^user_script:2:/);
  });
});

describe("formatGeneral", () => {
  // Taken from C's printf.
  const expected: [number, number, string][] = [
    [1_763_800_000_123, 17, "1763800000123"],
    [0.1, 17, "0.10000000000000001"],
    [0.5, 17, "0.5"],
    [1e17, 17, "1e+17"],
    [-0.00001, 17, "-1.0000000000000001e-05"],
    [100, 17, "100"],
    [0, 17, "0"],
    [1_763_800_000_123_456, 14, "1.7638000001235e+15"],
    [0.1, 14, "0.1"],
    [1e-7, 14, "1e-07"],
    [Infinity, 17, "inf"],
    [-Infinity, 17, "-inf"],
  ];
  test.each(expected)("%d with %d digits", (value, precision, text) => {
    expect(formatGeneral(value, precision)).toBe(text);
  });
});
