/** When a user is told how much of their time is used, and in which words. */
import { expect, test } from "vitest";
import { policy as shipped } from "@/inngest.config";
import { usageNotice } from "@/lib/preview/usage";
import { aSnapshot } from "@/tests/support/records";

const now = Date.UTC(2024, 1, 28, 23, 59);
const told = (dayMs: number, monthMs: number, dayLimitMs = 1_000, monthLimitMs = 10_000) =>
  usageNotice(
    { ...aSnapshot("running"), now, usage: { dayMs, monthMs } },
    { ...shipped, maxRunMsPerUserDay: dayLimitMs, maxRunMsPerUserMonth: monthLimitMs },
  );

test.each([
  [799, undefined],
  [800, 80],
  [949, 80],
  [950, 95],
  [999, 95],
  [1_000, 100],
  [5_000, 100],
])("%i of 1000 ms used: told of step %s", (dayMs, step) => {
  expect(told(dayMs, 0)?.step).toBe(step);
});

test("of two limits the one that is nearer to being used up is told, in whatever order they stand", () => {
  expect(told(800, 9_000)?.period).toBe("month");
  expect(told(950, 9_000)?.period).toBe("day");
  expect(told(0, 9_000)?.period).toBe("month");
  expect(told(900, 0, 0)).toBeUndefined();
});

test("the words say of which period it is, how far it is, and what still goes on", () => {
  expect(told(1_000, 0)).toStrictEqual({
    period: "day",
    step: 100,
    usedMs: 1_000,
    limitMs: 1_000,
    resetsAt: Date.UTC(2024, 1, 29),
    title: "The time for previews is used up today",
    message: "What is in use goes on until it goes to rest; nothing is opened before the next day begins.",
  });
  expect(told(0, 8_000)).toMatchObject({
    resetsAt: Date.UTC(2024, 2, 1),
    title: "80 % of the time for previews is used this month",
    message:
      "When it is used up, what is in use goes on, and nothing is opened before the next month begins.",
  });
});
