/** A number's text decides whether the in-process engine counts as Redis does. */
import { describe, expect, test } from "vitest";
import { formatFixed, formatGeneral, numberOf } from "@/lib/local/upstash/memory/lua/number-text";

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
    [-0, 14, "-0"],
    [0.5, 0, "0.5"],
    [12_345, 2, "1.2e+04"],
    [1_763_800_000_000.25, 14, "1763800000000.2"],
    [1_763_800_000_000.75, 14, "1763800000000.8"],
    [100_000_000_000_005, 14, "1e+14"],
    [100_000_000_000_015, 14, "1.0000000000002e+14"],
  ];
  test.each(expected)("%d with %d digits", (value, precision, text) => {
    expect(formatGeneral(value, precision)).toBe(text);
  });
});

describe("formatFixed", () => {
  // Taken from C's printf, which takes a tie to the even digit.
  const expected: [number, number, string][] = [
    [0.5, 0, "0"],
    [1.5, 0, "2"],
    [2.5, 0, "2"],
    [-2.5, 0, "-2"],
    [2.25, 1, "2.2"],
    [2.35, 1, "2.4"],
    [0.125, 2, "0.12"],
    [1e21, 0, "1000000000000000000000"],
    [2 ** 70, 1, "1180591620717411303424.0"],
    [-0, 0, "-0"],
  ];
  test.each(expected)("%d with %d decimals", (value, precision, text) => {
    expect(formatFixed(value, precision)).toBe(text);
  });
});

describe("numberOf", () => {
  // Taken from C's strtod.
  const numbers: [string, number][] = [
    ["007", 7],
    [" -42\t", -42],
    ["1e3", 1000],
    [".5", 0.5],
    ["5.", 5],
    ["0x10", 16],
    ["-0xff", -255],
    ["0x.8p1", 1],
    ["inf", Infinity],
    ["-Infinity", -Infinity],
  ];
  test.each(numbers)("%j is a number", (text, value) => {
    expect(numberOf(text)).toBe(value);
  });

  test.each(["", " ", "x", "1 2", "1e", "0x", "--1", "1_000", "e5", "."])("%j is none", (text) => {
    expect(numberOf(text)).toBeUndefined();
  });
});
