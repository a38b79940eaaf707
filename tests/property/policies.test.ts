/** What an accepted policy promises in use, whatever its numbers are: the rules between them are there for this. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { policy as shipped } from "@/inngest.config";
import { ConfigurationError } from "@/lib/errors";
import { decide, renewalDue, runEndsAt } from "@/lib/preview/decide";
import { type Policy, policyFaults, policySchema, withOverrides } from "@/lib/preview/policy";
import { restWhenIdle } from "@/lib/preview/presence";
import { warningFor } from "@/lib/preview/warning";
import { aSnapshot, NOW } from "../support/records";
import { MANY } from "./snapshots";

const numbers = [
  "idleAfterMs",
  "warnBeforeMs",
  "warnEndBeforeMs",
  "beatEveryMs",
  "viewerGoneAfterMs",
  "emitEveryMs",
  "extendAtLatestMs",
  "keepAliveMs",
  "maxRunMs",
  "renewBeforeMs",
  "renewAtLatestMs",
  "quietAfterMs",
  "evictAfterMs",
  "saveBudgetMs",
  "stepBudgetMs",
  "leaseMs",
] as const satisfies readonly (keyof Policy)[];

/** Two or three numbers of the shipped policy, twice or half as large or nearly as before. */
const policies = fc
  .array(fc.tuple(fc.constantFrom(...numbers), fc.constantFrom(0.25, 0.5, 0.75, 1.001, 1.5, 2, 3)), {
    maxLength: 3,
  })
  .map((changes): Policy => {
    const changed = changes.map(([name, factor]) => [name, Math.ceil(shipped[name] * factor)] as const);
    return withOverrides(shipped, Object.fromEntries(changed));
  });
const accepted = policies.filter((policy) => policyFaults(policy).length === 0);

/** In the middle of its run, last used so long ago. */
const usedAgo = (policy: Policy, agoMs: number) => {
  const runStartedAt = NOW - Math.floor(policy.maxRunMs / 3);
  const endsAt = runStartedAt + policy.maxRunMs;
  return aSnapshot("running", { lastActiveAt: NOW - agoMs, readyAt: runStartedAt, runStartedAt, endsAt });
};
const seen = (policy: Policy) => {
  const startedAt = NOW - Math.floor(policy.maxRunMs / 3);
  return { kind: "running", startedAt, endsAt: startedAt + policy.maxRunMs } as const;
};

test("who beats as often as the pane does is never paused between two beats, nor taken for gone", () => {
  fc.assert(
    fc.property(accepted, (policy) => {
      const snapshot = usedAgo(policy, policy.beatEveryMs);

      expect(decide(snapshot, seen(policy), policy).kind).not.toBe("pause");
      expect(policy.viewerGoneAfterMs).toBeGreaterThan(policy.beatEveryMs);
      expect(policy.evictAfterMs).toBeGreaterThan(policy.beatEveryMs);
    }),
    MANY,
  );
});

test("the provider's own end comes after idleness, however late an extension is asked for", () => {
  fc.assert(
    fc.property(accepted, (policy) => {
      // The last extension may have been asked for before an event that was gathered as long as it may be.
      const askedAgoMs = policy.emitEveryMs + policy.extendAtLatestMs;
      const endsInMs = policy.keepAliveMs - askedAgoMs;

      expect(endsInMs).toBeGreaterThan(policy.idleAfterMs);
      expect(policy.keepAliveMs).toBeLessThanOrEqual(policy.maxRunMs);
    }),
    MANY,
  );
});

test("a rest is warned of before it comes and not as soon as a sign of life is given", () => {
  fc.assert(
    fc.property(accepted, (policy) => {
      const justBefore = usedAgo(policy, policy.idleAfterMs - 1);

      expect(restWhenIdle(justBefore, policy).kind).toBe("later");
      expect(warningFor(justBefore, policy)?.kind).toBeDefined();
      expect(warningFor(usedAgo(policy, 0), policy)?.kind).not.toBe("idle");
    }),
    MANY,
  );
});

test("a run in use is announced, waits for a quiet moment, and is renewed before its end, once", () => {
  fc.assert(
    fc.property(accepted, (policy) => {
      const snapshot = { ...usedAgo(policy, 0), viewers: 1 };
      const endsAt = runEndsAt(snapshot.record, policy) ?? 0;
      const at = (now: number) => {
        const { record } = snapshot;
        return { ...snapshot, now, record: { ...record, lastActiveAt: now } };
      };

      const latestAt = endsAt - policy.renewAtLatestMs;
      const first = renewalDue(at(endsAt - policy.renewBeforeMs), policy);
      // Put off while it may come to rest by itself before, but not for longer.
      expect(first.kind === "due" || (first.kind === "later" && first.at <= latestAt)).toBe(true);
      if (first.kind === "due") expect(first.mustWaitForQuiet).toBe(true);
      expect(renewalDue(at(latestAt), policy)).toMatchObject({ kind: "due", mustWaitForQuiet: false });
      expect(warningFor(at(latestAt), policy)?.kind).toBe("run-end");
      // The new run is not at its end already.
      const renewed = { ...at(NOW), record: { ...at(NOW).record, runStartedAt: NOW } };
      expect(renewalDue(renewed, policy).kind).toBe("later");
      expect(endsAt - policy.renewBeforeMs).toBeGreaterThan(endsAt - policy.maxRunMs / 2);
    }),
    MANY,
  );
});

test("a claim outlives the longest step, and a save with one", () => {
  fc.assert(
    fc.property(accepted, ({ leaseMs, stepBudgetMs, saveBudgetMs }) => {
      expect(leaseMs - 2 * stepBudgetMs).toBeGreaterThan(0);
      expect(leaseMs - stepBudgetMs - saveBudgetMs).toBeGreaterThan(0);
    }),
    MANY,
  );
});

test("a policy that is refused names the numbers that contradict each other, and what they are", () => {
  const refused = policies.filter((policy) => policyFaults(policy).length > 0);
  fc.assert(
    fc.property(refused, (policy) => {
      for (const fault of policyFaults(policy)) {
        const named = numbers.filter((name) => fault.includes(name));

        expect(named.length).toBeGreaterThan(1);
        expect(named.some((name) => fault.includes(String(policy[name])))).toBe(true);
      }
    }),
    MANY,
  );
});

test("all numbers on another scale fit together as before", () => {
  const names = policySchema.keyof().options;
  fc.assert(
    fc.property(policies, fc.integer({ min: 2, max: 1_000 }), (policy, factor) => {
      const scaled = names.map((name) => [name, name.endsWith("Ms") ? policy[name] * factor : policy[name]]);

      const faults = policyFaults(policySchema.parse(Object.fromEntries(scaled)));
      expect(faults.length).toBe(policyFaults(policy).length);
    }),
    MANY,
  );
});

test("an override that is no such number is refused by its name, whatever it is", () => {
  const wrong = fc.oneof(
    fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY),
    fc.double({ noInteger: true, noNaN: true }),
    fc.integer({ max: 0 }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...numbers), wrong, (name, value) => {
      expect(() => withOverrides(shipped, { [name]: value })).toThrow(ConfigurationError);
      expect(() => withOverrides(shipped, { [name]: value })).toThrow(name);
    }),
    MANY,
  );
});
