/** The server's times in a browser whose clock may be wrong. */
import { expect, test } from "vitest";
import { agoText, clockOffsetMs, elapsedText, timeLeftText, tookText } from "@/lib/react/server-time";

test("the offset turns a wrong browser clock into the server's, for half of the round trip", () => {
  const answer = { view: { serverNow: 1_000_000 }, sentAt: 399_900, receivedAt: 400_100 };
  expect(400_000 + clockOffsetMs(answer)).toBe(1_000_000);
});

test.each([
  [600_000, "10 min"],
  [120_000, "2 min"],
  [119_000, "1:59"],
  [60_000, "1:00"],
  [9_001, "0:10"],
  [0, "0:00"],
  [-5_000, "0:00"],
])("%i ms left reads %s", (leftMs, text) => {
  expect(timeLeftText(leftMs)).toBe(text);
});

test.each([
  [-3_000, "0 s"],
  [7_900, "7 s"],
  [67_000, "1 min 07 s"],
])("%i ms elapsed reads %s", (elapsedMs, text) => {
  expect(elapsedText(elapsedMs)).toBe(text);
});

test.each([
  [412, "0.4 s"],
  [9_949, "9.9 s"],
  [9_950, "10 s"],
  [67_000, "1 min 07 s"],
])("a wait of %i ms reads %s", (tookMs, text) => {
  expect(tookText(tookMs)).toBe(text);
});

test.each([
  [30_000, "less than a minute"],
  [1_260_000, "21 min"],
  [3 * 3_600_000, "3 h"],
  [50 * 3_600_000, "2 days"],
])("%i ms ago reads %s", (elapsedMs, text) => {
  expect(agoText(elapsedMs)).toBe(text);
});
