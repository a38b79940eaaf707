/** How spans of time read. */
import { expect, test } from "vitest";
import { agoText, elapsedText, spanText, timeLeftText, tookText } from "@/lib/duration-words";

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

test.each([
  [-5_000, "0 s"],
  [412, "0.4 s"],
  [3_000, "3 s"],
  [9_949, "9.9 s"],
  [9_950, "10 s"],
  [59_499, "59 s"],
  [59_500, "1 min"],
  [90_000, "2 min"],
  [59 * 60_000 + 29_999, "59 min"],
  [59 * 60_000 + 30_000, "1 h"],
  [200 * 60_000, "3 h 20 min"],
  [50 * 3_600_000, "2 days"],
])("a span of %i ms reads %s in a sentence", (spanMs, text) => {
  expect(spanText(spanMs)).toBe(text);
});
