/**
 * Owns snapshots of every kind for properties of pure code: any state, any of what decisions go by, at times around the
 * deadlines of the shipped policy. Each record is read as the store reads it, so none has a shape that Redis could not
 * hold. Cannot fail by itself.
 */
import fc from "fast-check";
import { expect } from "vitest";
import { policy } from "@/inngest.config";
import { leaseIdSchema } from "@/lib/ids";
import type { Observed } from "@/lib/preview/action";
import { reasonSchema } from "@/lib/preview/reasons";
import { phaseSchema, recordSchema, type Snapshot, wantedSchema } from "@/lib/preview/record";
import { type State, stateSchema } from "@/lib/preview/transitions";
import { NOW, SANDBOX_ID } from "../support/records";

/** Cases of each property of pure code: `npm run test:property` has 10,000, and `npm test` has no time for as many. */
export const MANY = { numRuns: Number(process.env.PROPERTY_CASES ?? 300), seed: 20261124 };

/** For a property that says something of some cases only: it fails where hardly any of them came up. */
export function counted() {
  let count = 0;
  return {
    add: () => {
      count += 1;
    },
    expectMany: () => expect(count).toBeGreaterThan(MANY.numRuns / 200),
  };
}

const HOUR_MS = 3_600_000;

/** Spans that something depends on, so that ends and exact moments come up and not only what lies between them. */
const spans = [
  0,
  policy.idleAfterMs,
  policy.graceAfterLeftMs,
  policy.leaseMs,
  policy.renewBeforeMs,
  policy.maxRunMs,
  policy.maxRunMs - policy.renewBeforeMs,
  policy.maxRunMs - policy.renewAtLatestMs,
  policy.retentionMs,
];
const momentsAgo = spans.flatMap((span) => [span - 1, span, span + 1]);

/** Mostly past, for what is remembered; now and then ahead, for another clock wrote it. */
export const time: fc.Arbitrary<number> = fc
  .oneof(
    { weight: 2, arbitrary: fc.constantFrom(...momentsAgo) },
    { weight: 3, arbitrary: fc.integer({ min: -HOUR_MS, max: 2 * HOUR_MS }) },
  )
  .map((agoMs) => NOW - agoMs);

const text = <T extends string | number>(arbitrary: fc.Arbitrary<T>) => arbitrary.map(String);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
const maybeTime = maybe(text(time));

const lease = maybe(fc.record({ leaseId: fc.constant("somebody-at-work"), leaseUntil: text(time) }));

const someFields = fc.record({
  wanted: fc.constantFrom(...wantedSchema.options),
  reason: fc.constantFrom(...reasonSchema.options),
  phase: maybe(fc.constantFrom(...phaseSchema.options)),
  changedAt: text(time),
  lastActiveAt: maybeTime,
  leftAt: maybeTime,
  heldUntil: maybeTime,
  readyAt: maybeTime,
  syncAskedAt: maybeTime,
  runCapAt: maybeTime,
  keptUntil: maybeTime,
  unsaved: maybe(text(fc.nat(3))),
});

const someSandbox = fc.record({
  sandboxId: fc.constant(SANDBOX_ID),
  runStartedAt: text(time),
  endsAt: text(time),
});

const around = fc.record({
  viewers: fc.nat(2),
  holds: fc.nat(2),
  isEverythingHeld: fc.boolean(),
  suspendedBecause: maybe(fc.constant("The invoice is unpaid.")),
});

/** What must be known in a state, and only there. */
const mustHaveSandbox: ReadonlySet<State> = new Set(["running", "pausing", "paused", "resuming"]);
const cannotHaveSandbox: ReadonlySet<State> = new Set(["absent", "expired"]);

/** A snapshot in one of these states. */
export function snapshotsIn(...states: readonly State[]): fc.Arbitrary<Snapshot> {
  return fc
    .tuple(fc.constantFrom(...states), someFields, lease, maybe(someSandbox), someSandbox, text(time), around)
    .map(
      ([
        state,
        fields,
        claim,
        perhaps,
        sandbox,
        pausedAt,
        { isEverythingHeld, suspendedBecause, ...who },
      ]) => ({
        now: NOW,
        record: recordSchema.parse({
          v: "1",
          projectId: "p1",
          userId: "u1",
          epoch: "3",
          port: "3000",
          state,
          ...fields,
          ...claim,
          ...(mustHaveSandbox.has(state) ? sandbox : cannotHaveSandbox.has(state) ? {} : perhaps),
          ...(state === "paused" ? { pausedAt } : {}),
        }),
        ...who,
        ...(isEverythingHeld ? { isEverythingHeld } : {}),
        ...(suspendedBecause === undefined ? {} : { suspendedBecause }),
      }),
    );
}

export const snapshots = snapshotsIn(...stateSchema.options);

/** Somebody is at work on it, in whatever state. */
export const claimedSnapshots: fc.Arbitrary<Snapshot> = fc
  .tuple(snapshots, fc.integer({ min: 1, max: policy.leaseMs }))
  .map(([snapshot, leftMs]) => ({
    ...snapshot,
    record: {
      ...snapshot.record,
      leaseId: leaseIdSchema.parse("somebody-at-work"),
      leaseUntil: NOW + leftMs,
    },
  }));

/** It runs, nobody is at work on it, and no operator holds it. */
export const runningSnapshots = snapshotsIn("running").map(
  ({ isEverythingHeld: _held, ...snapshot }): Snapshot => ({
    ...snapshot,
    record: { ...snapshot.record, leaseUntil: NOW },
  }),
);

/** It runs, its user may run it, and somebody was active within the idle time. */
export const usedSnapshots: fc.Arbitrary<Snapshot> = fc
  .tuple(runningSnapshots, fc.integer({ min: 0, max: policy.idleAfterMs - 1 }))
  .map(([{ suspendedBecause: _none, ...snapshot }, agoMs]) => ({
    ...snapshot,
    record: { ...snapshot.record, lastActiveAt: NOW - agoMs },
  }));

/** The provider has what the record believes, which random times would never be. */
export function seenOf({ record }: Snapshot): Observed {
  if ("runStartedAt" in record && record.runStartedAt !== undefined && record.endsAt !== undefined) {
    return { kind: "running", startedAt: record.runStartedAt, endsAt: record.endsAt };
  }
  return { kind: "gone" };
}

export const observations: fc.Arbitrary<Observed> = fc.oneof(
  fc.constant<Observed>({ kind: "unknown" }),
  fc.constant<Observed>({ kind: "gone" }),
  fc.record({ kind: fc.constant("running" as const), startedAt: time, endsAt: time }),
  fc.record({ kind: fc.constant("paused" as const), pausedAt: time }),
);
