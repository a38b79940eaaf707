/** What holds of every decision, whatever the record says and the provider answers. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { policy } from "@/inngest.config";
import type { Action, Observed } from "@/lib/preview/action";
import {
  decide,
  desertedAt,
  healRunningAt,
  idleAt,
  renewAt,
  renewalDue,
  restsAt,
  runEndsAt,
} from "@/lib/preview/decide";
import { reasonCopy } from "@/lib/preview/reasons";
import { isClaimed } from "@/lib/preview/record";
import { type ClaimKind, entering, type State } from "@/lib/preview/transitions";
import {
  claimedSnapshots,
  counted,
  MANY,
  observations,
  runningSnapshots,
  seenOf,
  snapshots,
  time,
  usedSnapshots,
} from "./snapshots";

/** The claim under which each action is carried out; the others change nothing. */
const claimFor: Readonly<Partial<Record<Action["kind"], ClaimKind>>> = {
  open: "open",
  pause: "pause",
  renew: "renew",
  sync: "sync",
  retire: "retire",
  "record-run": "settle",
  "record-paused": "settle",
  rest: "settle",
  "give-up": "settle",
};

const stopping: readonly Action["kind"][] = ["pause", "rest", "retire", "give-up"];

describe("every decision", () => {
  test("has a reason with words, and a time to look again that is one", () => {
    fc.assert(
      fc.property(snapshots, observations, (snapshot, observed) => {
        const action = decide(snapshot, observed, policy);

        expect(reasonCopy[action.reason].title).not.toBe("");
        if ("nextCheckAt" in action) expect(action.nextCheckAt).toBeGreaterThan(0);
      }),
      MANY,
    );
  });

  test("can be carried out from the state in which the preview is", () => {
    fc.assert(
      fc.property(snapshots, observations, (snapshot, observed) => {
        const claim = claimFor[decide(snapshot, observed, policy).kind];
        const from: Readonly<Partial<Record<State, State>>> = claim ? entering[claim] : {};

        expect(claim === undefined || from[snapshot.record.state] !== undefined).toBe(true);
      }),
      MANY,
    );
  });

  test("waits for whoever is at work, until their claim lapses", () => {
    fc.assert(
      fc.property(claimedSnapshots, observations, (snapshot, observed) => {
        expect(decide(snapshot, observed, policy)).toEqual({
          kind: "wait",
          reason: snapshot.record.reason,
          nextCheckAt: snapshot.record.leaseUntil,
        });
      }),
      MANY,
    );
  });

  test("asks the provider once, before anything else, of the sandbox that the record names", () => {
    fc.assert(
      fc.property(snapshots, observations, (snapshot, observed) => {
        fc.pre(!isClaimed(snapshot));
        const isAsked = observed.kind === "unknown" && "sandboxId" in snapshot.record;

        expect(decide(snapshot, observed, policy).kind === "observe").toBe(isAsked);
      }),
      MANY,
    );
  });

  test("brings nothing to rest and lets nothing go while the operators hold everything", () => {
    fc.assert(
      fc.property(snapshots, observations, (snapshot, observed) => {
        const held = { ...snapshot, isEverythingHeld: true };

        expect(stopping).not.toContain(decide(held, observed, policy).kind);
      }),
      MANY,
    );
  });
});

describe("a running preview", () => {
  test("is never paused for idleness by a sign of life that is younger than that, nor left with somebody there", () => {
    fc.assert(
      fc.property(runningSnapshots, (snapshot) => {
        const { record, now, viewers, holds } = snapshot;
        const action = decide(snapshot, seenOf(snapshot), policy);
        fc.pre(action.kind === "pause");
        const signs = [record.lastActiveAt, record.readyAt, record.heldUntil].map((at) => at ?? 0);
        const quietForMs = now - Math.max(...signs);

        if (action.reason === "idle") expect(quietForMs).toBeGreaterThanOrEqual(policy.idleAfterMs);
        if (action.reason === "left") {
          expect([viewers, holds]).toEqual([0, 0]);
          expect(quietForMs).toBeGreaterThanOrEqual(policy.graceAfterLeftMs);
          expect(now - (record.leftAt ?? now)).toBeGreaterThanOrEqual(policy.graceAfterLeftMs);
        }
        expect(["idle", "left", "suspended"]).toContain(action.reason);
        expect(action.reason === "suspended").toBe(snapshot.suspendedBecause !== undefined);
      }),
      MANY,
    );
  });

  test("is renewed only in the last part of its run, and never past the moment from which it cannot wait", () => {
    const [renewed, used] = [counted(), counted()];
    fc.assert(
      fc.property(usedSnapshots, (snapshot) => {
        const { record, now } = snapshot;
        const action = decide(snapshot, seenOf(snapshot), policy);
        const endsAt = runEndsAt(record, policy) ?? 0;
        if (action.kind === "renew") {
          renewed.add();
          expect(now).toBeGreaterThanOrEqual(endsAt - policy.renewBeforeMs);
        }
        // In use up to its last moment and further: then nothing else is done about it.
        const isUsed = action.kind === "none" && restsAt(snapshot, policy) > endsAt;
        if (isUsed) {
          used.add();
          expect(now).toBeLessThan(endsAt - policy.renewBeforeMs);
        }
      }),
      MANY,
    );
    renewed.expectMany();
    used.expectMany();
  });

  test("is looked at again after its first deadline, and soon enough for its renewal", () => {
    const seen = counted();
    fc.assert(
      fc.property(usedSnapshots, (snapshot) => {
        const { record } = snapshot;
        const action = decide(snapshot, seenOf(snapshot), policy);
        if (action.kind !== "none" || record.state !== "running") return;
        seen.add();
        const firstEnd = Math.min(idleAt(record, policy), record.endsAt);

        expect(action.nextCheckAt).toBeLessThanOrEqual(firstEnd + policy.healAfterMs);
        expect(action.nextCheckAt).toBeLessThan(runEndsAt(record, policy) ?? 0);
      }),
      MANY,
    );
    seen.expectMany();
  });

  test("that is to be paused stays so for as long as nobody gives a sign", () => {
    fc.assert(
      fc.property(runningSnapshots, fc.nat(7_200_000), (snapshot, laterMs) => {
        const seen = seenOf(snapshot);
        fc.pre(decide(snapshot, seen, policy).kind === "pause");

        expect(decide({ ...snapshot, now: snapshot.now + laterMs }, seen, policy).kind).toBe("pause");
      }),
      MANY,
    );
  });

  test("whose run was just written down as the provider has it is not written down again", () => {
    const seen = counted();
    fc.assert(
      fc.property(usedSnapshots, time, time, (snapshot, startedAt, seenEndsAt) => {
        const observed: Observed = { kind: "running", startedAt, endsAt: seenEndsAt };
        const action = decide(snapshot, observed, policy);
        if (action.kind !== "record-run" || snapshot.record.state !== "running") return;
        seen.add();
        const { endsAt } = action;
        const written = { ...snapshot.record, runStartedAt: action.startedAt, endsAt };

        const next = decide({ ...snapshot, record: written }, observed, policy);
        expect(["none", "renew", "sync"]).toContain(next.kind);
        if (next.kind === "none") expect(next.nextCheckAt).toBe(action.nextCheckAt);
      }),
      MANY,
    );
    seen.expectMany();
  });
});

describe("a deadline", () => {
  const signs = ["lastActiveAt", "heldUntil", "readyAt", "endsAt", "runStartedAt"] as const;

  test("is never brought nearer by a later sign of life, a later end or a later start of the run", () => {
    fc.assert(
      fc.property(
        runningSnapshots,
        fc.constantFrom(...signs),
        fc.nat(3_600_000),
        (snapshot, sign, laterMs) => {
          const { record } = snapshot;
          fc.pre(record.state === "running" && snapshot.suspendedBecause === undefined);
          if (record.state !== "running") return;
          const later = { ...record, [sign]: (record[sign] ?? record.changedAt) + laterMs };

          const before = healRunningAt(snapshot, policy);
          expect(healRunningAt({ ...snapshot, record: later }, policy)).toBeGreaterThanOrEqual(before);
        },
      ),
      MANY,
    );
  });

  test("of rest is that of idleness, or sooner where everybody has left", () => {
    fc.assert(
      fc.property(runningSnapshots, (snapshot) => {
        const [rest, idle, deserted] = [
          restsAt(snapshot, policy),
          idleAt(snapshot.record, policy),
          desertedAt(snapshot, policy),
        ];

        expect([idle, deserted]).toContain(rest);
        expect(rest).toBeLessThanOrEqual(idle);
        if (snapshot.viewers > 0 || snapshot.holds > 0) expect(deserted).toBeUndefined();
      }),
      MANY,
    );
  });

  test("of a renewal lies before the end of the run, and what is put off is put off to a time ahead", () => {
    fc.assert(
      fc.property(runningSnapshots, fc.boolean(), (snapshot, isAtRest) => {
        const due = renewalDue(snapshot, policy, isAtRest);
        const endsAt = runEndsAt(snapshot.record, policy) ?? 0;

        expect(endsAt - (renewAt(snapshot.record, policy) ?? 0)).toBe(policy.renewBeforeMs);
        if (due.kind === "later") expect(due.at).toBeGreaterThan(snapshot.now);
        if (due.kind === "due") {
          expect(due.latestAt).toBe(endsAt - policy.renewAtLatestMs);
          expect(due.mustWaitForQuiet).toBe(snapshot.now < due.latestAt);
        }
      }),
      MANY,
    );
  });
});
