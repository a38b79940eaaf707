/** Spans and standings in words: near the number that they tell, and never further from it than they are long. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { agoText, elapsedText, spanText, timeLeftText, tookText } from "@/lib/duration-words";
import { standingText } from "@/lib/line-words";
import { MANY } from "./snapshots";

const spans = fc.oneof(
  fc.integer({ min: -60_000, max: 200_000 }),
  fc.integer({ min: 0, max: 100 * 3_600_000 }),
  fc.double({ min: 0, max: 10_000_000, noNaN: true }),
);

const units: Readonly<Record<string, number>> = {
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  days: 86_400_000,
};

/** The span that a text names, and its smallest unit. */
function read(text: string): { ms: number; within: number } {
  if (text === "less than a minute") return { ms: 0, within: 60_000 };
  const clock = /^(\d+):(\d\d)$/.exec(text);
  if (clock) return { ms: Number(clock[1]) * 60_000 + Number(clock[2]) * 1_000, within: 1_000 };
  const parts = [...text.matchAll(/(\d+(?:\.\d)?) (s|min|h|days)(?: |$)/g)];
  expect(parts.map(([part]) => part).join("")).toBe(text);
  const told = parts.map(([, number, unit = ""]) => [number, units[unit] ?? Number.NaN] as const);
  const ms = told.reduce((sum, [number, unitMs]) => sum + Number(number) * unitMs, 0);
  const [number = "", unitMs = Number.NaN] = told.at(-1) ?? [];
  return { ms, within: number.includes(".") ? unitMs / 10 : unitMs };
}

describe.each([
  ["what is left", timeLeftText],
  ["what has passed", elapsedText],
  ["what something took", tookText],
  ["how long ago", agoText],
  ["a span in a sentence", spanText],
] as const)("%s", (_name, textOf) => {
  test("is told to within the smallest unit that it names, and a negative one as none", () => {
    fc.assert(
      fc.property(spans, (span) => {
        const { ms, within } = read(textOf(span));

        expect(Math.abs(ms - Math.max(0, span))).toBeLessThanOrEqual(within);
        expect(textOf(Math.min(span, 0))).toBe(textOf(0));
      }),
      MANY,
    );
  });

  test("never tells more of less", () => {
    fc.assert(
      fc.property(spans, fc.nat(200_000), (span, moreMs) => {
        expect(read(textOf(span + moreMs)).ms).toBeGreaterThanOrEqual(read(textOf(span)).ms);
      }),
      MANY,
    );
  });
});

test("a standing is an English ordinal, and an estimate is told only where there is one", () => {
  const rules = new Intl.PluralRules("en", { type: "ordinal" });
  const endings: Readonly<Record<string, string>> = { one: "st", two: "nd", few: "rd", other: "th" };
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2_000 }),
      fc.option(fc.nat(), { nil: undefined }),
      (position, waitMs) => {
        const text = standingText({ position, waitMs });

        expect(text.startsWith(`${position}${endings[rules.select(position)]} in line, `)).toBe(true);
        expect(text.endsWith("no estimate yet")).toBe(waitMs === undefined);
        if (waitMs !== undefined)
          expect(read(text.split("about ")[1] ?? "").ms).toBeGreaterThanOrEqual(1_000);
      },
    ),
    MANY,
  );
});
