/** Moments of the server's where the person is. */
import { expect, test } from "vitest";
import { localTimeText } from "@/lib/react/local-time";

const zone = (timeZone: string) => ({ locale: "en-GB", timeZone });
const at = Date.UTC(2026, 10, 23, 22, 30, 5);
const HOUR = 3_600_000;

test("a moment of today is a time of the person's own zone", () => {
  expect(localTimeText(at, at + HOUR, zone("UTC"))).toBe("22:30:05");
  expect(localTimeText(at, at, zone("Europe/Berlin"))).toBe("23:30:05");
});

test("a moment of another day there names the day", () => {
  expect(localTimeText(at, at + HOUR, zone("Europe/Berlin"))).toBe("23 Nov, 23:30:05");
});
