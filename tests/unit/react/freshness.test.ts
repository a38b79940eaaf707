/** Which of two answers is newer. */
import { expect, test } from "vitest";
import { isNewer, type TimedView } from "@/lib/react/freshness";

const at = (serverNow: number, sentAt: number, receivedAt: number): TimedView => ({
  view: { serverNow },
  sentAt,
  receivedAt,
});

test("the first answer is newer than none", () => {
  expect(isNewer(at(1, 1, 2), undefined)).toBe(true);
});

test("an answer of an earlier server time to an overlapping call is late", () => {
  expect(isNewer(at(900, 100, 400), at(1_000, 200, 300))).toBe(false);
});

test("an answer of a later server time is newer, whichever call was made first", () => {
  expect(isNewer(at(1_100, 100, 400), at(1_000, 200, 300))).toBe(true);
});

test("a server whose clock was set back does not freeze the pane", () => {
  expect(isNewer(at(10, 300, 310), at(1_000, 200, 300))).toBe(true);
});
