/** The numbers and the rules between them. */
import { describe, expect, test } from "vitest";
import { policy } from "@/inngest.config";
import { type Policy, policyFaults, policySchema, withOverrides } from "@/lib/preview/policy";

test("the shipped numbers fit together", () => {
  expect(policyFaults(policy)).toEqual([]);
});

const faults: [string, Partial<Policy>, string][] = [
  ["a provider's timeout that beats cannot outrun", { keepAliveMs: leastKeepAlive(policy) }, "keepAliveMs"],
  ["a timeout past the plan's run", { maxRunMs: policy.keepAliveMs - 1 }, "maxRunMs"],
  ["a warning that comes before the idle time begins", { warnBeforeMs: policy.idleAfterMs }, "warnBeforeMs"],
  [
    "a reader who vanishes before idleness",
    { viewerGoneAfterMs: policy.idleAfterMs - 1 },
    "viewerGoneAfterMs",
  ],
  ["beats too rare to be use", { beatEveryMs: policy.idleAfterMs }, "beatEveryMs"],
  ["a lease that lapses during a step", { leaseMs: policy.stepBudgetMs * 2 }, "leaseMs"],
];

describe("a contradiction", () => {
  test.each(faults)("is named: %s", (_case, change, name) => {
    const found = policyFaults({ ...policy, ...change });

    expect(found).toHaveLength(1);
    expect(found[0]).toContain(name);
  });

  test.each(faults)("is none a millisecond beside it: %s", (_case, change) => {
    const [[name, value] = ["", 0]] = Object.entries(change);
    const beside = name === "warnBeforeMs" || name === "beatEveryMs" ? value - 1 : value + 1;

    expect(policyFaults(policySchema.parse({ ...policy, [name]: beside }))).toEqual([]);
  });

  test("does not hide another: all are named at once", () => {
    expect(policyFaults({ ...policy, warnBeforeMs: policy.idleAfterMs, leaseMs: 1 })).toHaveLength(2);
  });
});

describe("overrides", () => {
  test("replace what they name and nothing else", () => {
    expect(withOverrides(policy, { idleAfterMs: 1 })).toEqual({ ...policy, idleAfterMs: 1 });
  });

  test.each([{ idleAfterMs: 0 }, { idleAfterMs: -5 }, { idleAfterMs: 1.5 }])("refuse %j", (overrides) => {
    expect(() => withOverrides(policy, overrides)).toThrow();
  });
});

function leastKeepAlive({ idleAfterMs, emitEveryMs, extendAtLatestMs }: Policy): number {
  return idleAfterMs + emitEveryMs + extendAtLatestMs;
}
