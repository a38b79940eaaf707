/** How the directory reads what its scripts answer: only what is told, and nothing of what went away meanwhile. */
import { describe, expect, test } from "vitest";
import { policy } from "@/inngest.config";
import { InvalidRequestError } from "@/lib/errors";
import { parseSandboxId, parseScope } from "@/lib/ids";
import type { Redis, ScriptReply } from "@/lib/redis";
import { redisDirectory } from "@/lib/store/redis-directory";

const scope = parseScope("p1", "u1");
const other = parseScope("p2", "u1");
const sandboxId = parseSandboxId("iabcd");

/** A directory whose every script answers this, and how often one was called. */
function answering(reply: ScriptReply) {
  const calls: string[][] = [];
  const redis: Redis = {
    runScript: async (_script, _keys, args) => {
      calls.push([...args]);
      return reply;
    },
  };
  return { directory: redisDirectory(redis, "test", policy), calls };
}

const lineOf = (said: Readonly<Record<number, string>>) =>
  ["running", "idle", "3", "", "", "", "0", "0", ""].map((text, index) => said[index] ?? text);
const linesOf = (...lines: string[][]) => answering(["9", lines]).directory.lines([scope, other]);

describe("a line", () => {
  test("has what is known of a preview, and nothing else", async () => {
    const all = lineOf({ 3: "4", 4: "iabcd", 5: "8", 6: "2", 7: "1", 8: "0" });
    const known = { now: 9, state: "running", reason: "idle", changedAt: 3 };

    expect(await linesOf(all, lineOf({}))).toStrictEqual([
      {
        ...{ scope, ...known, viewers: 2, holds: 1 },
        ...{ lastActiveAt: 4, sandboxId: "iabcd", endsAt: 8, position: 0 },
      },
      { scope: other, ...known, viewers: 0, holds: 0 },
    ]);
  });

  test("is left out for what was forgotten meanwhile, and for what the script does not tell of", async () => {
    expect(await linesOf(lineOf({ 0: "" }), lineOf({ 1: "" }))).toEqual([]);
    expect(await linesOf(lineOf({ 2: "" }))).toEqual([]);
  });

  test.each(["x1", "1x", "-1", "1.5", " 1"])("with the number %j is refused", async (number) => {
    await expect(linesOf(lineOf({ 6: number }))).rejects.toThrow();
  });

  test("of no preview asks Redis nothing", async () => {
    const { directory, calls } = answering(["9", []]);

    expect(await directory.lines([])).toEqual([]);
    expect(calls).toEqual([]);
  });
});

describe("a page", () => {
  test("of one project of one user is that preview, on the first page only", async () => {
    const { directory } = answering(1);
    const query = { ...scope, most: 5 };

    expect(await directory.page(query)).toEqual({ scopes: [scope] });
    expect(await directory.page({ ...query, from: "1:p1/u1" })).toEqual({ scopes: [] });
    expect(await answering(0).directory.page(query)).toEqual({ scopes: [] });
  });

  test("that is full says where the next begins, and takes no score for a preview", async () => {
    const { directory } = answering(["p1/u1", "7", "p2/u1", "6"]);

    expect(await directory.page({ most: 2 })).toEqual({ scopes: [scope, other], next: "6:p2/u1" });
    expect(await directory.page({ most: 3 })).toEqual({ scopes: [scope, other] });
    expect(await answering(["p1/u1", "p2/u1"]).directory.page({ most: 3 })).toEqual({ scopes: [scope] });
  });

  test("begins where the last one said, with its score and its member", async () => {
    const { directory, calls } = answering([]);
    await directory.page({ most: 2, from: "1767268800000:project-1/user_1" });
    await directory.page({ most: 2 });

    expect(calls).toEqual([
      ["2", "1767268800000", "project-1/user_1"],
      ["2", "", ""],
    ]);
  });

  test.each(["", "7", "7:", ":p1/u1", "7:p1", "x7:p1/u1", "7:p1/u1/x", "7:p1/u 1", "p1/u1", "-7:p1/u1"])(
    "that should begin at %j is refused: no page named it",
    async (from) => {
      const { directory, calls } = answering([]);

      await expect(directory.page({ most: 2, from })).rejects.toBeInstanceOf(InvalidRequestError);
      expect(calls).toEqual([]);
    },
  );
});

test("a sandbox that nobody is known to have is nobody's, and previews are named once, in their order", async () => {
  expect(await answering("p1/u1").directory.ofSandbox(sandboxId)).toEqual(scope);
  expect(await answering("").directory.ofSandbox(sandboxId)).toBeUndefined();
  const named = await answering([
    ["p2", "p1"],
    ["u1", "a"],
  ]).directory.named(scope);

  expect(named).toEqual([parseScope("p1", "a"), scope, other]);
});
