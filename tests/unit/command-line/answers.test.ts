/** How answers read: one document for programs, words for people, the switches above all, and what destroys asks first. */
import { describe, expect, test } from "vitest";
import { StoreUnreachableError } from "@/lib/errors";
import type { Operator, PreviewSummary } from "@/lib/operate/operator";
import { type CallOptions, call, creatingStopped, explanation, fleet, MINUTE, now, view } from "./stage";

const stopped: Partial<Operator> = { fleet: async () => ({ ...fleet, switches: [creatingStopped] }) };
const receipt = {
  at: now,
  previews: [],
  isUserForgotten: true,
};

describe("for programs", () => {
  test.each([
    ["show shop", { view, explanation, usage: expect.objectContaining({ dayLimitMs: 240 * MINUTE }) }],
    ["explain shop", { view, explanation }],
    ["open shop", { view }],
    ["sync shop", { view }],
    ["pause shop", { kind: "done", word: "It is done.", view }],
    ["switch", {}],
  ])("%s is one document with the switches that are on, and nothing else", async (line, expected) => {
    const { json, err, exitCode } = await call(`${line} --json`, { operator: stopped });

    expect(json()).toEqual({ switches: [creatingStopped], ...expected });
    expect({ err, exitCode }).toEqual({ err: "", exitCode: 0 });
  });

  test("the switches of a turned switch are those after it was turned", async () => {
    const { json } = await call("--json switch stop-creating off", {
      operator: { ...stopped, turn: async () => [] },
    });

    expect(json()).toEqual({ switches: [] });
  });

  test("a preview that is not known is an error and ends with 1", async () => {
    const { json, exitCode, calls } = await call("show nobody --json", {
      operator: { find: async () => [] },
    });

    expect(json()).toEqual({ error: { code: "not-found", message: expect.stringContaining('"nobody"') } });
    expect(exitCode).toBe(1);
    expect(calls.map(({ method }) => method)).toEqual(["find"]);
  });

  test("several previews are named and none is touched", async () => {
    const matches = [view, { ...view, userId: "bob" }].map(({ projectId, userId }) => ({
      projectId,
      userId,
    }));
    const { json, exitCode, calls } = await call("pause shop --json", {
      operator: { find: async () => matches },
    });

    expect(json()).toEqual({
      error: { code: "ambiguous", message: expect.stringContaining("be more precise") },
      matches,
    });
    expect(exitCode).toBe(1);
    expect(calls.map(({ method }) => method)).toEqual(["find"]);
  });

  test("what the operator refuses is an error with how the preview stands", async () => {
    const pause = async () => ({ kind: "refused" as const, word: "Nothing is paused.", view });
    const { json, exitCode } = await call("pause shop --json", { operator: { pause } });

    expect(json()).toEqual({ error: { code: "refused", message: "Nothing is paused." }, view });
    expect(exitCode).toBe(1);
  });

  test("an error of the catalogue keeps its code, and a fault of ours says what it is", async () => {
    const failing = (error: Error): CallOptions => ({ operator: { fleet: () => Promise.reject(error) } });
    const unreachable = await call(
      "list --json",
      failing(new StoreUnreachableError("fleet-state", undefined)),
    );
    const fault = await call("list --json", failing(new TypeError("x is not a function")));

    expect(unreachable.json()).toMatchObject({ error: { code: "store-unreachable" } });
    expect(fault.json()).toEqual({
      error: { code: "unexpected", message: "TypeError: x is not a function" },
    });
    expect([unreachable.exitCode, fault.exitCode]).toEqual([1, 1]);
  });
});

describe("for people", () => {
  test.each(["show shop", "pause shop", "switch", "show nobody"])(
    "%s stands under the switches that are on, with who, since when and why",
    async (line) => {
      const find = async (term: string) => (term === "nobody" ? [] : [view]);
      const { out } = await call(line, { operator: { ...stopped, find } });

      expect(out.split("\n")[0]).toBe(
        "STOP-CREATING IS ON (no new sandbox is made; what runs or rests goes on), turned on by ada 5 min ago: the bill",
      );
    },
  );

  test("there is no banner while no switch is on", async () => {
    expect((await call("switch")).out).toBe("stop-creating is off\nhold-everything is off\n");
  });

  test("list begins with places and the line, and shows a preview a row", async () => {
    const previews: PreviewSummary[] = [
      {
        ...{ projectId: "shop", userId: "ada", state: "starting", reason: "requested", changedAt: now },
        ...{ lastActiveAt: now - 3 * MINUTE, sandboxId: "isandbox", viewers: 2, holds: 0, position: 4 },
      },
    ];
    const { out } = await call("list", {
      operator: { list: async () => ({ previews, fleet, next: "7:shop/ada" }) },
    });
    const cells = out
      .split("\n")
      .filter((line) => line.includes("│"))
      .map((line) =>
        line
          .split("│")
          .map((cell) => cell.trim())
          .slice(1, -1),
      );

    expect(out.split("\n")[0]).toBe(
      "3 of 20 places taken, 2 more by sandboxes that are not ours · 1 waiting · 0 due · 12 previews",
    );
    expect(cells).toEqual([
      ["state", "project", "user", "last active", "viewers", "holds", "position", "sandbox"],
      ["starting", "shop", "ada", "3 min ago", "2", "", "4", "isandbox"],
    ]);
    expect(out).toContain("More: --from 7:shop/ada, or --all");
  });

  test("show tells times as spans, and the user's time where it is limited", async () => {
    const { out } = await call("show shop");

    expect(out).toContain("shop/ada is running: Opened.");
    expect(out).toContain("rests      in 9 min, if nobody does anything");
    expect(out).toContain("today      1 h 30 min of 4 h of the user's sandboxes");
    expect(out).not.toContain("this month");
  });

  test("explain tells each sentence and the history", async () => {
    const { out } = await call("explain shop");

    for (const sentence of explanation.why) expect(out).toContain(`${sentence}\n`);
    expect(out).toMatch(/3 min ago *│ Running *│ Built from the project's files. By a person\./);
  });

  test("what a sandbox or a person wrote cannot command the terminal", async () => {
    const evil = "\u001b]0;owned\u0007\u001b[2J\u009b31mred\r";
    const logTail = `line one\n${evil}`;
    const show = async () => ({ view: { ...view, logTail }, explanation, usage: noUsage });
    const { out } = await call("show shop", {
      operator: { show, fleet: async () => ({ ...fleet, switches: [{ ...creatingStopped, why: evil }] }) },
    });

    expect(out).toContain("line one\n");
    expect(out).not.toMatch(/[^\P{Cc}\n]/u);
  });

  test("more matches than a screen takes are counted and not listed", async () => {
    const find = async () =>
      Array.from({ length: 25 }, (_, index) => ({ projectId: "shop", userId: `u${index}` }));
    const { err, exitCode } = await call("show shop", { operator: { find } });

    expect(err).toContain("shop/u19\n  and 5 more");
    expect(err).not.toContain("shop/u20");
    expect(exitCode).toBe(1);
  });
});

const noUsage = { dayMs: 0, dayLimitMs: 0, monthMs: 0, monthLimitMs: 0 };

describe("what destroys", () => {
  const operator: Partial<Operator> = { forget: async () => receipt };
  const destroying = [
    ["kill shop", "kill"],
    ["forget shop", "forget"],
    ["forget --user ada", "forget"],
  ] as const;

  test.each(destroying)("%s is refused where nobody can answer", async (line, method) => {
    const { exitCode, calls, json } = await call(`${line} --json`, { operator });

    expect(json()).toMatchObject({
      error: { code: "not-confirmed", message: expect.stringContaining("--yes") },
    });
    expect(exitCode).toBe(1);
    expect(calls.map((each) => each.method)).not.toContain(method);
  });

  test.each(destroying)("%s is done with --yes, and nobody is asked", async (line, method) => {
    const { exitCode, calls, asked } = await call(`${line} --yes`, { operator, isInteractive: true });

    expect({ exitCode, asked }).toEqual({ exitCode: 0, asked: [] });
    expect(calls.map((each) => each.method)).toContain(method);
  });

  test.each(destroying)("%s asks a person by name, and does nothing on a no", async (line, method) => {
    const { exitCode, calls, asked } = await call(line, { operator, isInteractive: true, says: false });

    expect(asked).toEqual([expect.stringMatching(/shop\/ada|user ada/)]);
    expect(exitCode).toBe(1);
    expect(calls.map((each) => each.method)).not.toContain(method);
  });

  test.each(destroying)("%s is done on a yes", async (line, method) => {
    const { exitCode, calls } = await call(line, { operator, isInteractive: true, says: true });

    expect(exitCode).toBe(0);
    expect(calls.map((each) => each.method)).toContain(method);
  });

  test("a user is forgotten as a whole only when that is what was said", async () => {
    const forgotten = await call("forget --user ada --yes", { operator });
    const one = await call("forget ada --yes", { operator });

    expect(forgotten.calls).toEqual([{ method: "forget", args: [{ userId: "ada" }] }]);
    expect(one.calls.at(-1)).toEqual({ method: "forget", args: [{ projectId: "shop", userId: "ada" }] });
  });

  test("a preview without a record is forgotten when it is named in full", async () => {
    const { calls } = await call("forget old/ada --yes", { operator: { ...operator, find: async () => [] } });

    expect(calls.at(-1)).toEqual({ method: "forget", args: [{ projectId: "old", userId: "ada" }] });
  });
});

test("long work tells how far it has come", async () => {
  const sweep: Operator["sweep"] = async (told) => {
    told?.({ done: 100, what: "asked for a look" });
    return { looked: 100 };
  };
  const { shown, out } = await call("sweep", { operator: { sweep } });

  expect(shown).toEqual([{ done: 100, what: "asked for a look" }]);
  expect(out).toBe("100 previews due, each is looked at.\n");
});
