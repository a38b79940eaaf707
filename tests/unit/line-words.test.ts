/** How a standing in the line reads: honest where nothing is known, and never a promise. */
import { expect, test } from "vitest";
import { type Standing, standingText } from "@/lib/line-words";

const standings: [Standing, string][] = [
  [{ position: 0 }, "a place is free for it"],
  [{ position: 1 }, "1st in line, no estimate yet"],
  [{ position: 2, waitMs: 45_000 }, "2nd in line, about 45 s"],
  [{ position: 3, waitMs: 120_000 }, "3rd in line, about 2 min"],
  [{ position: 4, waitMs: 10 }, "4th in line, about 1 s"],
  [{ position: 11 }, "11th in line, no estimate yet"],
  [{ position: 12 }, "12th in line, no estimate yet"],
  [{ position: 21 }, "21st in line, no estimate yet"],
  [{ position: 113 }, "113th in line, no estimate yet"],
];
test.each(standings)("%j reads: %s", (standing, text) => {
  expect(standingText(standing)).toBe(text);
});
