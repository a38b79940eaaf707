/** The server's time in a browser whose clock may be wrong. */
import { expect, test } from "vitest";
import { clockOffsetMs } from "@/lib/react/server-time";

test("the offset turns a wrong browser clock into the server's, for half of the round trip", () => {
  const answer = { view: { serverNow: 1_000_000 }, sentAt: 399_900, receivedAt: 400_100 };
  expect(400_000 + clockOffsetMs(answer)).toBe(1_000_000);
});
