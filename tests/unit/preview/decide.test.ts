/** What is done about one preview, for everything that can be known of it. */
import { describe, expect, test } from "vitest";
import { policy } from "@/inngest.config";
import type { Action, Observed } from "@/lib/preview/action";
import { decide, healRunningAt, idleAt } from "@/lib/preview/decide";
import { reasonSchema } from "@/lib/preview/reasons";
import { type Snapshot, wantedSchema } from "@/lib/preview/record";
import type { State } from "@/lib/preview/transitions";
import { aRecord, aSnapshot, NOW, SANDBOX_ID, states } from "@/tests/support/records";

const observations: Observed[] = [
  { kind: "unknown" },
  { kind: "gone" },
  { kind: "running", startedAt: NOW - 60_000, endsAt: NOW + 600_000 },
  { kind: "running", startedAt: NOW - 60_000, endsAt: NOW - 1 },
  { kind: "paused", pausedAt: NOW - 5_000 },
];
const running: Observed = { kind: "running", startedAt: NOW - 60_000, endsAt: NOW + 900_000 };
const otherRun: Observed = { kind: "running", startedAt: NOW - 30_000, endsAt: NOW + 900_000 };
const laterEnd: Observed = { kind: "running", startedAt: NOW - 60_000, endsAt: NOW + 900_001 };
const paused: Observed = { kind: "paused", pausedAt: NOW - 5_000 };
const gone: Observed = { kind: "gone" };

const inUse = { lastActiveAt: NOW - 1_000 };
const idle = { lastActiveAt: NOW - policy.idleAfterMs };
const claimed = { leaseId: "somebody-at-work", leaseUntil: NOW + 1, leaseKind: "open", phase: "install" };
const lapsed = { ...claimed, leaseUntil: NOW };

interface Case {
  readonly state: State;
  readonly observed: Observed;
  readonly fields: Readonly<Record<string, string | number | undefined>>;
}

describe("totality", () => {
  const activities = [inUse, idle, { lastActiveAt: undefined }];
  const leases = [{}, claimed, lapsed];
  const sandboxes = [{}, { sandboxId: SANDBOX_ID, runStartedAt: NOW, endsAt: NOW }];
  const cases: Case[] = states.flatMap((state) =>
    observations.flatMap((observed) =>
      wantedSchema.options.flatMap((wanted) =>
        activities.flatMap((activity) =>
          leases.flatMap((lease) =>
            sandboxes.map((sandbox) => ({
              state,
              observed,
              fields: { wanted, ...activity, ...lease, ...sandbox },
            })),
          ),
        ),
      ),
    ),
  );

  test("there is an action with a reason for every combination, and nothing throws", () => {
    expect(cases.length).toBe(8 * 5 * 2 * 3 * 3 * 2);
    for (const { state, observed, fields } of cases) {
      const action = decide(aSnapshot(state, fields), observed, policy);

      expect(reasonSchema.safeParse(action.reason).success).toBe(true);
      if ("nextCheckAt" in action) expect(Number.isFinite(action.nextCheckAt)).toBe(true);
    }
  });

  test("an observation is asked for at most once: with an answer there is never another question", () => {
    for (const { state, observed, fields } of cases) {
      if (observed.kind === "unknown") continue;
      expect(decide(aSnapshot(state, fields), observed, policy).kind).not.toBe("observe");
    }
  });

  test("whoever holds a claim is left alone, whatever was seen", () => {
    for (const { state, observed, fields } of cases) {
      if (fields.leaseUntil !== NOW + 1) continue;
      expect(decide(aSnapshot(state, fields), observed, policy)).toMatchObject({
        kind: "wait",
        nextCheckAt: NOW + 1,
      });
    }
  });

  test("nobody is created or resumed for an empty room", () => {
    for (const { state, observed, fields } of cases) {
      if (fields.wanted === "running" || fields.lastActiveAt === inUse.lastActiveAt) continue;
      if (state === "starting" || state === "resuming" || fields.lastActiveAt === undefined) continue;
      expect(decide(aSnapshot(state, fields), observed, policy).kind).not.toBe("open");
    }
  });
});

describe("a preview with a sandbox", () => {
  const withSandbox: State[] = ["running", "pausing", "paused", "resuming"];
  test.each(withSandbox)("that is %s is looked at before anything is decided", (state) => {
    expect(decide(aSnapshot(state), { kind: "unknown" }, policy).kind).toBe("observe");
  });
});

const table: [string, Snapshot, Observed, Action["kind"], string][] = [
  ["absent", aSnapshot("absent"), gone, "none", "requested"],
  ["expired", aSnapshot("expired"), gone, "none", "sandbox-gone"],
  [
    "expired, and somebody asked meanwhile",
    aSnapshot("expired", { wanted: "running" }),
    gone,
    "open",
    "sandbox-gone",
  ],
  ["failed, its sandbox at rest", aSnapshot("failed"), paused, "none", "install-failed"],
  ["failed, its sandbox running", aSnapshot("failed"), running, "rest", "install-failed"],
  [
    "failed, and somebody asked",
    aSnapshot("failed", { wanted: "running" }),
    running,
    "rest",
    "install-failed",
  ],
  ["paused", aSnapshot("paused"), paused, "none", "idle"],
  ["paused, and running outside", aSnapshot("paused"), running, "rest", "idle"],
  ["paused, and gone", aSnapshot("paused"), gone, "expire", "sandbox-gone"],
  [
    "paused, and somebody asked meanwhile",
    aSnapshot("paused", { wanted: "running" }),
    paused,
    "open",
    "returned",
  ],
  ["running in use", aSnapshot("running", inUse), running, "none", "requested"],
  ["running in use, in another run", aSnapshot("running", inUse), otherRun, "record-run", "requested"],
  ["running in use, with another end", aSnapshot("running", inUse), laterEnd, "record-run", "requested"],
  ["running in use, paused by the provider", aSnapshot("running", inUse), paused, "open", "provider-paused"],
  ["running in use, gone", aSnapshot("running", inUse), gone, "open", "sandbox-gone"],
  ["running idle", aSnapshot("running", idle), running, "pause", "idle"],
  [
    "running idle, paused by the provider",
    aSnapshot("running", idle),
    paused,
    "record-paused",
    "provider-paused",
  ],
  ["running idle, gone", aSnapshot("running", idle), gone, "expire", "sandbox-gone"],
  ["starting, its worker gone", aSnapshot("starting"), gone, "open", "sandbox-gone"],
  ["starting, its sandbox running", aSnapshot("starting"), running, "open", "interrupted"],
  ["resuming, its worker gone", aSnapshot("resuming"), paused, "open", "interrupted"],
  ["resuming, gone", aSnapshot("resuming"), gone, "open", "sandbox-gone"],
  ["pausing, not done", aSnapshot("pausing"), running, "pause", "idle"],
  ["pausing, done", aSnapshot("pausing"), paused, "record-paused", "idle"],
  ["pausing, gone", aSnapshot("pausing"), gone, "expire", "sandbox-gone"],
  ["pausing, and somebody came", aSnapshot("pausing", { wanted: "running" }), running, "open", "interrupted"],
  ["pausing, somebody came, gone", aSnapshot("pausing", { wanted: "running" }), gone, "open", "sandbox-gone"],
];

test.each(table)("%s", (_case, snapshot, observed, kind, reason) => {
  expect(decide(snapshot, observed, policy)).toMatchObject({ kind, reason });
});

test("what the provider paused is recorded at the provider's own time", () => {
  expect(decide(aSnapshot("pausing"), paused, policy)).toMatchObject({ pausedAt: NOW - 5_000 });
  expect(decide(aSnapshot("running", idle), paused, policy)).toMatchObject({ pausedAt: NOW - 5_000 });
});

test("what is to be opened again says what stands in the record where it may not be", () => {
  const inUseAndPaused = decide(aSnapshot("running", inUse), paused, policy);
  expect(inUseAndPaused).toMatchObject({
    kind: "open",
    unlessLet: { kind: "record-paused", pausedAt: NOW - 5_000 },
  });
  expect(decide(aSnapshot("running", inUse), gone, policy)).toMatchObject({ unlessLet: { kind: "expire" } });
});

test.each([
  ["starting, gone", "starting", gone, "expire"],
  ["starting, its sandbox paused", "starting", paused, "give-up"],
  ["resuming, paused", "resuming", paused, "record-paused"],
  ["resuming, running", "resuming", running, "give-up"],
] as const)(
  "what broke off on its way says where it stands, should it not be let go on: %s",
  (_case, state, observed, kind) => {
    expect(decide(aSnapshot(state), observed, policy)).toMatchObject({ kind: "open", unlessLet: { kind } });
  },
);

test("a rest that broke off and is wanted back says that it rests, or goes on running", () => {
  const wanted = aSnapshot("pausing", { wanted: "running" });
  expect(decide(wanted, paused, policy)).toMatchObject({
    unlessLet: { kind: "record-paused", reason: "idle" },
  });
  expect(decide(wanted, running, policy)).not.toHaveProperty("unlessLet");
});

test("nothing is given up while an operator looks", () => {
  const held = { ...aSnapshot("resuming"), isEverythingHeld: true };
  expect(decide(held, running, policy)).toEqual({ kind: "open", reason: "interrupted" });
  expect(decide(held, paused, policy)).toMatchObject({ unlessLet: { kind: "record-paused" } });
});

describe("boundaries", () => {
  test.each([
    [-1, "none"],
    [0, "pause"],
    [1, "pause"],
  ])("at the idle end and %i ms: %s", (pastMs, kind) => {
    const snapshot = aSnapshot("running", { lastActiveAt: NOW - policy.idleAfterMs - pastMs });

    expect(decide(snapshot, running, policy).kind).toBe(kind);
  });

  test.each([
    [-1, "wait"],
    [0, "observe"],
    [1, "observe"],
  ])("at the end of a lease and %i ms: %s", (pastMs, kind) => {
    const snapshot = aSnapshot("running", { ...claimed, leaseUntil: NOW - pastMs });

    expect(decide(snapshot, { kind: "unknown" }, policy).kind).toBe(kind);
  });

  test("a preview that never had activity is idle from its last change", () => {
    const record = aRecord("running", { lastActiveAt: undefined, readyAt: undefined, changedAt: 5_000 });

    expect(idleAt(record, policy)).toBe(5_000 + policy.idleAfterMs);
  });

  test("the healing look comes after the first of the idle end, the provider's, the renewal's and the parting's", () => {
    const idleEnd = NOW + policy.idleAfterMs;
    const lookAt = (fields: Parameters<typeof aSnapshot>[1]) =>
      healRunningAt(aSnapshot("running", { lastActiveAt: NOW, endsAt: idleEnd + 1, ...fields }), policy) -
      policy.healAfterMs;
    const runEnd = (endsAt: number) => endsAt - policy.maxRunMs;

    expect(lookAt({})).toBe(idleEnd);
    expect(lookAt({ endsAt: idleEnd - 1 })).toBe(idleEnd - 1);
    expect(lookAt({ runStartedAt: runEnd(idleEnd + policy.renewBeforeMs - 1) })).toBe(idleEnd - 1);
    expect(lookAt({ leftAt: NOW })).toBe(NOW + policy.graceAfterLeftMs);
    expect(lookAt({ heldUntil: NOW + 1, endsAt: idleEnd + 60_000 })).toBe(idleEnd + 1);
  });

  test.each([
    [-1, "none"],
    [0, "renew"],
    [1, "renew"],
  ])("a run in use at the time of its renewal and %i ms: %s", (pastMs, kind) => {
    const startedAt = NOW - policy.maxRunMs + policy.renewBeforeMs - pastMs;
    const snapshot = aSnapshot("running", { ...inUse, runStartedAt: startedAt });
    const seen: Observed = { kind: "running", startedAt, endsAt: NOW + 900_000 };

    expect(decide(snapshot, seen, policy).kind).toBe(kind);
  });

  test.each([
    [-1, "none"],
    [0, "pause"],
    [1, "pause"],
  ])("a preview that everybody left, at the end of the grace and %i ms: %s", (pastMs, kind) => {
    const leftAt = NOW - policy.graceAfterLeftMs - pastMs;
    const left = { leftAt, lastActiveAt: leftAt, readyAt: leftAt };

    expect(decide(aSnapshot("running", left), running, policy).kind).toBe(kind);
    expect(decide(aSnapshot("running", left, 1), running, policy).kind).toBe("none");
    expect(decide(aSnapshot("running", left, 0, 1), running, policy).kind).toBe("none");
  });

  test.each([
    [-1, "none"],
    [0, "pause"],
    [1, "pause"],
  ])("a hold that ended, at the idle end after it and %i ms: %s", (pastMs, kind) => {
    const heldUntil = NOW - policy.idleAfterMs - pastMs;
    const snapshot = aSnapshot("running", { lastActiveAt: heldUntil - 60_000, heldUntil });

    expect(decide(snapshot, running, policy).kind).toBe(kind);
  });

  test("a running preview in use is looked at again after the end that the provider told", () => {
    const endsAt = NOW + 60_000;

    const action = decide(aSnapshot("running", inUse), { kind: "running", startedAt: NOW, endsAt }, policy);

    expect(action).toMatchObject({ nextCheckAt: endsAt + policy.healAfterMs });
  });
});
