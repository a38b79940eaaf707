/** Whose a listed sandbox is by its labels, and what follows from how it stands to the records. */
import { describe, expect, test } from "vitest";
import { policy } from "@/inngest.config";
import { parseScope, previewIdOf, sandboxIdSchema } from "@/lib/ids";
import { judge, readLabels } from "@/lib/preview/operations/audit-judge";
import { states } from "@/tests/support/records";

const scope = parseScope("p1", "u1");
const sandboxId = sandboxIdSchema.parse("iaaaa");
const ours = {
  appId: "rekindle",
  environment: "test",
  previewIdOf: (of: typeof scope) => previewIdOf("test", of),
};
const labels = {
  ...{ app: "rekindle", env: "test", previewId: previewIdOf("test", scope), projectId: "p1", userId: "u1" },
  ...{ epoch: "12", revision: "r1", v: "1" },
};

describe("by its labels a sandbox", () => {
  const read = (changed: Readonly<Record<string, string | undefined>>) => {
    const all: Record<string, string | undefined> = { ...labels, ...changed };
    const told = Object.entries(all).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]]));
    return readLabels(
      { sandboxId, state: "running", startedAt: 1, endsAt: 2, labels: Object.fromEntries(told) },
      ours,
    );
  };

  test("of ours tells its preview, its epoch and, where it has one, its ticket", () => {
    expect(read({})).toStrictEqual({ kind: "ours", sandbox: { sandboxId, scope, epoch: 12 } });
    expect(read({ ticket: "t0a9" })).toStrictEqual({
      kind: "ours",
      sandbox: { sandboxId, scope, epoch: 12, ticket: "t0a9" },
    });
  });

  test.each([{ app: "another" }, { env: "another" }, { app: undefined }, { app: "x", env: "x" }])(
    "of another app or environment is nobody's business: %j",
    (changed) => {
      expect(read(changed)).toEqual({ kind: "foreign" });
    },
  );

  test.each([
    ...[{ previewId: "another" }, { previewId: undefined }],
    ...[{ projectId: "p2" }, { userId: "u2" }, { projectId: "p 1" }, { userId: "" }],
    ...[{ epoch: "x1" }, { epoch: "1x" }, { epoch: "-1" }, { epoch: "" }, { epoch: "1".repeat(16) }],
    ...[{ epoch: undefined }, { ticket: "T" }, { ticket: "" }, { ticket: "t-1" }, { ticket: "-t" }],
    ...[{ ticket: "t".repeat(41) }],
  ])("that does not lead to the very preview that it tells is unreadable: %j", (changed) => {
    expect(read(changed)).toEqual({ kind: "unreadable" });
  });
});

describe("what follows", () => {
  const now = 10_000_000;
  const old = { state: "running", startedAt: now - policy.orphanGraceMs, endsAt: now + 5 } as const;
  const young = { ...old, startedAt: old.startedAt + 1 };
  const resting = { ...old, state: "paused" } as const;

  test.each([
    ["others", "fine", "fine", "fine"],
    ["claimed", "fine", "fine", "fine"],
    ["unknown", "rebuild", "rebuild", "rebuild"],
    ["unnamed", "rebuild", "fine", "rebuild"],
    ["let-go", "stop", "stop", "stop"],
    ["never-named", "stop", "fine", "stop"],
    ["orphan", "stop", "fine", "fine"],
  ] as const)("from %s is %s, while it is young %s, at rest %s", (kind, whenOld, whenYoung, atRest) => {
    expect(judge(old, { kind }, now, policy)).toBe(whenOld);
    expect(judge(young, { kind }, now, policy)).toBe(whenYoung);
    expect(judge(resting, { kind }, now, policy)).toBe(atRest);
  });

  const named = {
    kind: "named",
    state: "running",
    isClaimed: false,
    runStartedAt: old.startedAt,
    endsAt: old.endsAt,
  } as const;

  test("from a run that is as the record says is nothing, and from any other that it is looked at", () => {
    expect(judge(old, named, now, policy)).toBe("fine");
    expect(judge(resting, named, now, policy)).toBe("look");
    expect(judge(old, { ...named, runStartedAt: 1 }, now, policy)).toBe("look");
    expect(judge(old, { ...named, endsAt: 1 }, now, policy)).toBe("look");
  });

  test.each(["paused", "failed"] as const)("from one that is %s is nothing while it rests", (state) => {
    expect(judge(resting, { ...named, state }, now, policy)).toBe("fine");
    expect(judge(old, { ...named, state }, now, policy)).toBe("look");
  });

  test.each(["absent", "expired", "starting", "pausing", "resuming"] as const)(
    "from one that is %s and has nobody at work on it is that it is looked at",
    (state) => {
      expect(judge(old, { ...named, state }, now, policy)).toBe("look");
      expect(judge(resting, { ...named, state }, now, policy)).toBe("look");
    },
  );

  test("is left to whoever is at work on it, however it stands", () => {
    for (const state of states)
      expect(judge(old, { kind: "named", state, isClaimed: true }, now, policy)).toBe("fine");
  });
});
