/** Which warning is shown, for every kind of attention. */
import { expect, test } from "vitest";
import type { Attention } from "@/lib/react/attention";
import { nextWarning } from "@/lib/react/shown-warning";
import { viewOf, warningOf } from "./views";

const idle = warningOf({ kind: "idle", canExtend: true });
const runEnd = warningOf({ kind: "run-end", canExtend: false });
const attentions: Attention[] = ["hidden", "present", "quiet", "unsure"];

test.each([
  ["hidden", true],
  ["present", false],
  ["quiet", true],
  ["unsure", true],
] as const)("an idle end is told to who is %s: %s", (attention, isTold) => {
  expect(nextWarning(viewOf({ warning: idle }), attention, undefined)).toBe(isTold ? idle : undefined);
});

test.each(attentions)("an end that no use moves is told to who is %s", (attention) => {
  expect(nextWarning(viewOf({ warning: runEnd }), attention, undefined)).toBe(runEnd);
});

test("a warning that stands does not vanish under the pointer of who comes to its button", () => {
  expect(nextWarning(viewOf({ warning: idle }), "present", idle)).toBe(idle);
});

test("a warning of another end that stood before is none for who uses it", () => {
  expect(nextWarning(viewOf({ warning: idle }), "present", runEnd)).toBeUndefined();
});

test.each(attentions)("it goes when the server knows that the end was moved, for who is %s", (attention) => {
  expect(nextWarning(viewOf(), attention, idle)).toBeUndefined();
});
