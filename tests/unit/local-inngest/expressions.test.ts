/** Inngest's dialect of CEL (inngest.md §5.2: whether a Dev Server's trigger with this `if` fired, 2026-11-22). */

import { describe, expect, it } from "vitest";
import { compileExpression, evaluateKey, holds } from "@/lib/local/inngest/expressions";

const event = {
  name: "go",
  data: { s: "a", n: 5, z: null, o: { k: 1 }, list: ["a", "b"], json: '{"k":[1]}' },
};
const async_ = { name: "later", data: { s: "a", n: 6 } };

const NOW = Date.UTC(2026, 0, 1);

const judge = (source: string) => {
  const evaluation = compileExpression(source).evaluate({ event, async: async_, now: NOW });
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
    ["event.data.list.exists(x, x == 'b')", true],
    ["has(event.data.missing.deeper)", false],
    ["(event.data.a) == (async.data.b)", false],
    ["(event.data.a) == async.data.b", false],
    ["!(event.data.a == (async.data.b))", true],
    ["(event.data.s) == async.data.s && ((event.data.n)) != (async.data.n)", true],
    ["event.data.s || event.data.missing", true],
    ["event.data.missing || event.data.z", false],
    ["event.data.s && event.data.n", true],
    ["event.data.s && event.data.missing", false],
    ["event.data.s + event.data.n == 'a5'", true],
    ["'n' + 1 == 'n1'", true],
    ["event.data.n + '!' == '5!'", true],
    ["uppercase(event.data.s) == 'A'", true],
    ["b64decode('YWJj') == 'abc'", true],
    ["json_parse(event.data.json).k[0] == 1", true],
    ["date('2025-12-31') < now()", true],
    ["date('2026-01-02T00:00:00Z') > now()", true],
  ])("%s is %s", (source, expected) => {
    expect(judge(source)).toBe(expected);
  });

  it.each([
    ["text is compared with a number", "event.data.s > 3"],
    ["a number of an event, which is a double, meets an integer", "event.data.n + 1 == 6"],
    ["a number of an event is divided with a remainder", "event.data.n % 2 == 1"],
    ["a text is no date", "date('soon') < now()"],
    ["a text is not JSON", "json_parse('{').k == 1"],
  ])("fails rather than guesses, which is no match, where %s", (_why, source) => {
    expect(judge(source)).toBe("failed");
  });

  it("does not hold, and says why, when it fails or ends in something that is not boolean (§2.1)", () => {
    const reasons: string[] = [];
    const note = (reason: string) => void reasons.push(reason);
    expect(holds(compileExpression("event.data.s"), { event, now: NOW }, note)).toBe(false);
    expect(holds(compileExpression("event.data.s > 3"), { event, now: NOW }, note)).toBe(false);
    expect(holds(compileExpression("event.data.n > 3"), { event, now: NOW }, note)).toBe(true);
    expect(reasons).toEqual(["it is not boolean", expect.stringContaining("no such overload")]);
  });

  it("gives keys as text, and none for false, null or a failure (§2.3)", () => {
    const key = (source: string) => evaluateKey(compileExpression(source), { event, now: NOW });
    expect([key("event.data.s"), key("event.data.n"), key('"fixed"')]).toEqual(["a", "5", "fixed"]);
    expect([key("event.data.missing"), key("false"), key("event.data.s > 3")]).toEqual([null, null, null]);
  });
});
