/** Which reason may be told of which state. */
import { expect, test } from "vitest";
import { honestReason } from "@/lib/preview/titles";
import { stateSchema } from "@/lib/preview/transitions";

test("what was meant as a renewal and became a start has lost its memory, and says so", () => {
  const told = stateSchema.options.filter(
    (state) => honestReason({ state, reason: "renewal" }) === "renewed-restarted",
  );

  expect(told).toEqual(["starting", "running"]);
  expect(honestReason({ state: "running", reason: "renewed" })).toBe("renewed");
});

test("one waits for a place only as long as it stands in the line", () => {
  expect(honestReason({ state: "paused", reason: "no-place", waitingSince: 0 })).toBe("no-place");
  expect(honestReason({ state: "paused", reason: "no-place" })).toBe("provider-capacity");
  expect(honestReason({ state: "paused", reason: "idle" })).toBe("idle");
});
