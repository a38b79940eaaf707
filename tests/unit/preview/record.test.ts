/** How a record is read: what each state must know, and what is refused. */
import { describe, expect, test } from "vitest";
import { ProviderCapacityError, ProviderRateError, StoreRefusedError } from "@/lib/errors";
import { reasonOfError } from "@/lib/preview/reasons";
import { isClaimed, isRunOver, recordSchema, sandboxAtHand, sandboxOf } from "@/lib/preview/record";
import { aRecord, aSnapshot, NOW, SANDBOX_ID, type states } from "@/tests/support/records";

const texts = (state: (typeof states)[number]): Record<string, string> =>
  Object.fromEntries(Object.entries(aRecord(state)).map(([name, value]) => [name, String(value)]));

describe("a record", () => {
  test.each([
    ["running", "sandboxId"],
    ["running", "endsAt"],
    ["running", "port"],
    ["pausing", "sandboxId"],
    ["paused", "pausedAt"],
    ["paused", "sandboxId"],
    ["resuming", "sandboxId"],
  ] as const)("that is %s without its %s is refused", (state, field) => {
    const { [field]: _left, ...rest } = texts(state);

    expect(recordSchema.safeParse(rest).success).toBe(false);
  });

  test.each(["1.5", "1e12", "", " 1", "0x10", "NaN", "12345678901234567"])(
    "with the time %j is refused",
    (changedAt) => {
      expect(recordSchema.safeParse({ ...texts("absent"), changedAt }).success).toBe(false);
    },
  );

  test("of another version is refused", () => {
    for (const v of ["0", "2", "", "1.0"]) {
      expect(recordSchema.safeParse({ ...texts("absent"), v }).success).toBe(false);
    }
  });

  test("with fields that this code does not know is read: newer code may have added them", () => {
    expect(recordSchema.safeParse({ ...texts("running"), renewedAt: "1" }).success).toBe(true);
  });
});

test("the sandbox of a record is the one that it names, in whatever state", () => {
  for (const state of ["running", "pausing", "paused", "resuming"] as const) {
    expect(sandboxOf(aRecord(state))).toBe(SANDBOX_ID);
  }
  for (const state of ["absent", "starting", "expired", "failed"] as const) {
    expect(sandboxOf(aRecord(state))).toBeUndefined();
  }
  expect(sandboxOf(aRecord("failed", { sandboxId: SANDBOX_ID }))).toBe(SANDBOX_ID);
});

test.each([
  [1, true],
  [0, false],
  [-1, false],
])("a claim with %i ms left holds: %s", (leftMs, holds) => {
  expect(isClaimed(aSnapshot("starting", { leaseId: "somebody-at-work", leaseUntil: NOW + leftMs }))).toBe(
    holds,
  );
});

test("half of a claim is none", () => {
  expect(isClaimed(aSnapshot("starting", { leaseUntil: NOW + 1 }))).toBe(false);
  expect(isClaimed(aSnapshot("starting", { leaseId: "somebody-at-work" }))).toBe(false);
});

test.each([
  [-1, false],
  [0, true],
  [1, true],
])("a run %i ms past its confirmed end is over: %s", (pastMs, isOver) => {
  expect(isRunOver(aSnapshot("running", { endsAt: NOW - pastMs }))).toBe(isOver);
});

test("only what runs has a run that could be over", () => {
  for (const state of ["starting", "pausing", "paused", "resuming", "failed"] as const) {
    const sandbox = { sandboxId: SANDBOX_ID, runStartedAt: NOW - 2, endsAt: NOW - 1 };
    expect(isRunOver(aSnapshot(state, sandbox))).toBe(false);
  }
});

describe("every word that is written", () => {
  const written: Readonly<Record<string, readonly string[]>> = {
    cameBack: ["warm", "resumed", "restarted", "from-snapshot", "rebuilt-cached", "rebuilt-cold"],
    leaseKind: ["open", "pause", "renew", "sync", "settle", "adopt", "retire"],
    wanted: ["running", "resting"],
    phase: ["claimed", "sandbox", "files", "install", "start", "answer", "save", "pause", "sync", "tidy"],
  };
  test.each(Object.entries(written))("as %s is read, and no other", (field, words) => {
    for (const word of words) {
      expect(recordSchema.parse({ ...texts("running"), [field]: word })).toHaveProperty(field, word);
    }
    expect(recordSchema.safeParse({ ...texts("running"), [field]: "something-else" }).success).toBe(false);
  });
});

test("what rests, is brought to rest or brought back has a sandbox at hand, and nobody else is taken to have one", () => {
  for (const state of ["running", "pausing", "paused", "resuming"] as const)
    expect(sandboxAtHand(aRecord(state))).toBe(SANDBOX_ID);
  for (const state of ["absent", "starting", "expired", "failed"] as const)
    expect(() => sandboxAtHand(aRecord(state))).toThrow(`"${state}"`);
});

describe("the reason of an error", () => {
  test("is the one of its cause", () => {
    expect(reasonOfError(new ProviderCapacityError(20))).toBe("provider-capacity");
    expect(reasonOfError(new ProviderRateError("create"))).toBe("provider-unreachable");
  });

  test("is that the work ended without an answer, for what a person can do nothing about", () => {
    expect(reasonOfError(new StoreRefusedError("claim"))).toBe("run-failed");
    expect(reasonOfError(new TypeError("x is not a function"))).toBe("run-failed");
    expect(reasonOfError(undefined)).toBe("run-failed");
  });
});
