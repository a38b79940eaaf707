/** How long a failed call waits (inngest.md §1.5: the server's table, jitter, and its bounds on an app's own wish). */
import { describe, expect, it } from "vitest";
import { backoffMs } from "@/lib/local/inngest/backoff";
import { seededRandom } from "@/lib/random";
import { DAY, HOUR, MINUTE, SECOND, START } from "./simulated-app";

const fixed = (fraction: number) => ({ fraction: () => fraction, hex: () => "" });
const none = fixed(0);

describe("backoff", () => {
  it("§1.5 follows the table and stays at its end", () => {
    const table = Array.from({ length: 12 }, (_, attempt) => backoffMs(attempt, null, START, none) / SECOND);
    expect(table).toEqual([15, 30, 60, 120, 300, 600, 1200, 2400, 3600, 7200, 7200, 7200]);
  });

  it("§1.5 adds up to 30 s from the injected source", () => {
    expect(backoffMs(0, null, START, fixed(0.5))).toBe(30 * SECOND);
    expect(backoffMs(0, null, START, fixed(0.999999))).toBeLessThan(45 * SECOND);
    expect(backoffMs(3, null, START, seededRandom(1))).toBe(backoffMs(3, null, START, seededRandom(1)));
  });

  it.each([
    ["seconds", "90", 90 * SECOND],
    ["an ISO date", new Date(START + HOUR).toISOString(), HOUR],
    ["an HTTP date", new Date(START + 2 * MINUTE).toUTCString(), 2 * MINUTE],
    ["less than a second", "0.2", SECOND],
    ["a moment that is over", new Date(START - DAY).toISOString(), SECOND],
    ["more than a day", String((2 * DAY) / SECOND), DAY],
    ["what cannot be read", "soon", 15 * SECOND],
  ])("§1.5 heeds retry-after with %s", (_what, header, expected) => {
    expect(backoffMs(0, header, START, none)).toBe(expected);
  });
});
