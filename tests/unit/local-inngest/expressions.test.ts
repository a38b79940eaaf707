/** Inngest's dialect of CEL (inngest.md §5.2: whether a Dev Server's trigger with this `if` fired, 2026-11-22). */

import { describe, expect, it } from "vitest";
import { compileExpression, evaluateKey } from "@/lib/local/inngest/expressions";

const event = { name: "go", data: { s: "a", n: 5, z: null, o: { k: 1 }, list: ["a", "b"] } };
const async_ = { name: "later", data: { s: "a", n: 6 } };

const judge = (source: string) => {
  const evaluation = compileExpression(source).evaluate({ event, async: async_ });
  return evaluation.kind === "value" ? evaluation.value : "failed";
};

describe("expressions", () => {
  it.each([
    ["event.data.s == 'a'", true],
    ["event.data['s'] == \"a\"", true],
    ["event.data.s == async.data.s", true],
    ["event.data.n == async.data.n", false],
    ["event.data.n != async.data.n", true],
    ["event.data.n > 1 && event.data.n < 9", true],
    ["event.data.o.k == 1", true],
    ["event.data.s in ['a', 'b']", true],
    ["event.data.s.startsWith('a')", true],
    ["event.data.missing == null", true],
    ["event.data.missing != 'a'", true],
    ["event.data.missing < 3", true],
    ["event.data.missing > 3", false],
    ["event.data.missing.deeper == null", true],
    ["event.data.s == async.data.s && event.data.o == async.data.o", false],
    ['event.data.s + "/" + event.data.s == "a/a"', true],
    ["has(event.data.missing)", false],
    ["has(event.data.s)", true],
    ["event.data.a == async.data.b", false],
    ["event.data.a == async.data.a || event.data.s == 'a'", true],
    ["lowercase('ABC') == 'abc'", true],
    ["event.data.s + '-' + event.data.s == 'a-a'", true],
    ["!(event.data.s == 'b')", true],
    ["event.data.s == 'a' ? event.data.n > 1 : false", true],
  ])("%s is %s", (source, expected) => {
    expect(judge(source)).toBe(expected);
  });

  it("fails rather than guesses where the types do not fit", () => {
    expect(judge("event.data.s > 3")).toBe("failed");
  });

  it("gives keys as text, and none for false, null or a failure (§2.3)", () => {
    const key = (source: string) => evaluateKey(compileExpression(source), { event });
    expect([key("event.data.s"), key("event.data.n"), key('"fixed"')]).toEqual(["a", "5", "fixed"]);
    expect([key("event.data.missing"), key("false"), key("event.data.s > 3")]).toEqual([null, null, null]);
  });
});
