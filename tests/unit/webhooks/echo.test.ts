/** What an event tells that the record does not know, state by state; E2B's and the record's times side by side. */
import { describe, expect, test } from "vitest";
import type { State } from "@/lib/preview/transitions";
import { whatItTells } from "@/lib/webhooks/echo";
import { type ChangeType, changeTypeSchema, type SandboxChange } from "@/lib/webhooks/sandbox-event";
import { aSnapshot, NOW, SANDBOX_ID, states } from "@/tests/support/records";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const policy = { keepAliveMs: 16 * MINUTE };

/** The run of every record here. */
const STARTED_AT = NOW - 10 * MINUTE;
const ENDS_AT = NOW + 5 * MINUTE;
const run = { sandboxId: SANDBOX_ID, runStartedAt: STARTED_AT, endsAt: ENDS_AT };

function told(state: State, change: Partial<SandboxChange>, fields: Record<string, string | number> = {}) {
  const of = { sandboxId: SANDBOX_ID, type: "updated" as const, at: NOW, ...change };
  return whatItTells(of, aSnapshot(state, { ...run, ...fields }), policy).kind;
}

describe("of a sandbox that the record does not name", () => {
  test.each(states)("nothing is news while it is %s", (state) => {
    const kinds = Object.fromEntries(
      changeTypeSchema.options.map((type) => [type, told(state, { type, sandboxId: "iother" })]),
    );

    expect(kinds).toEqual({
      created: "not-ours-to-judge",
      resumed: "not-ours-to-judge",
      updated: "not-ours-to-judge",
      paused: "echo",
      killed: "echo",
    });
  });

  test("nor while the record names none", () => {
    const change = { sandboxId: SANDBOX_ID, type: "resumed", at: NOW } as const;

    expect(whatItTells(change, aSnapshot("absent"), policy)).toEqual({ kind: "not-ours-to-judge" });
  });
});

describe("right now, of the sandbox that the record names,", () => {
  const now: Record<ChangeType, Partial<Record<State, string>>> = {
    created: {
      starting: "echo",
      running: "news",
      pausing: "news",
      paused: "news",
      resuming: "echo",
      failed: "news",
    },
    resumed: {
      starting: "echo",
      running: "news",
      pausing: "news",
      paused: "news",
      resuming: "echo",
      failed: "news",
    },
    paused: {
      starting: "echo",
      running: "news",
      pausing: "echo",
      paused: "echo",
      resuming: "echo",
      failed: "echo",
    },
    killed: {
      starting: "news",
      running: "news",
      pausing: "news",
      paused: "news",
      resuming: "news",
      failed: "news",
    },
    updated: {
      starting: "echo",
      running: "news",
      pausing: "echo",
      paused: "news",
      resuming: "echo",
      failed: "news",
    },
  };

  test.each(changeTypeSchema.options)("%s is in each state", (type) => {
    // An end that contradicts the record, for the one type that has it.
    const endsAt = NOW + MINUTE;
    for (const [state, kind] of Object.entries(now[type])) {
      const found = states.find((each) => each === state);
      if (found) expect([state, told(found, { type, endsAt })]).toEqual([state, kind]);
    }
  });
});

describe("a start", () => {
  test.each([
    ["before the run that the record knows", -MINUTE, "echo"],
    ["at its very start", 0, "echo"],
    ["when a slow resume of it was done", 15 * SECOND, "echo"],
    ["after that: another run", 16 * SECOND, "news"],
  ])("%s", (_when, afterMs, kind) => {
    for (const type of ["created", "resumed"] as const) {
      expect(told("running", { type, at: STARTED_AT + afterMs })).toBe(kind);
      expect(told("paused", { type, at: STARTED_AT + afterMs })).toBe(kind);
    }
  });

  test("of a resting preview whose run nobody knows is news", () => {
    const snapshot = aSnapshot("paused", { runStartedAt: undefined, endsAt: undefined });
    const change = { sandboxId: SANDBOX_ID, type: "resumed", at: NOW } as const;

    expect(whatItTells(change, snapshot, policy)).toEqual({ kind: "news" });
  });
});

describe("a pause of a running preview", () => {
  test("of an earlier run is old, and of this one is news", () => {
    expect(told("running", { type: "paused", at: STARTED_AT - 1 })).toBe("echo");
    expect(told("running", { type: "paused", at: STARTED_AT })).toBe("news");
  });
});

describe("an end", () => {
  test.each([
    ["that is the recorded one", ENDS_AT, "echo"],
    ["that is rounded down", ENDS_AT - 2 * SECOND, "echo"],
    ["that is nearer", ENDS_AT - 2 * SECOND - 1, "news"],
    ["that has passed", NOW, "news"],
    ["as far as an extension of ours goes, which may not be written down yet", NOW + 16 * MINUTE, "echo"],
    ["that is rounded up beyond that", NOW + 16 * MINUTE + 2 * SECOND, "echo"],
    ["farther than we ever ask for", NOW + 16 * MINUTE + 2 * SECOND + 1, "news"],
  ])("%s", (_which, endsAt, kind) => {
    expect(told("running", { endsAt })).toBe(kind);
  });

  test("as far away as the record has it is no news, however far that is", () => {
    const far = NOW + 50 * MINUTE;

    expect(told("running", { endsAt: far }, { endsAt: far })).toBe("echo");
  });

  test("that an extension of ours has overtaken is old", () => {
    const fields = { extendedAt: NOW - MINUTE };

    expect(told("running", { endsAt: NOW, at: NOW - MINUTE }, fields)).toBe("echo");
    expect(told("running", { endsAt: NOW, at: NOW - MINUTE + 1 }, fields)).toBe("news");
  });

  test("of an earlier run is old", () => {
    expect(told("running", { endsAt: STARTED_AT, at: STARTED_AT - 1 })).toBe("echo");
  });

  test("of what rests was set before it came to rest, or tells that it runs", () => {
    const fields = { changedAt: NOW - MINUTE };

    expect(told("paused", { endsAt: ENDS_AT, at: NOW - MINUTE }, fields)).toBe("echo");
    expect(told("paused", { endsAt: ENDS_AT, at: NOW - MINUTE + 1 }, fields)).toBe("news");
  });

  test.each(states)("that was not set says nothing while it is %s", (state) => {
    expect(told(state, { endsAt: undefined })).not.toBe("news");
  });
});
