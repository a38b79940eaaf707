/** The numbers and the rules between them. */
import { describe, expect, test } from "vitest";
import { policy } from "@/inngest.config";
import { type Policy, policyFaults, policySchema, withOverrides } from "@/lib/preview/policy";

test("the shipped numbers fit together", () => {
  expect(policyFaults(policy)).toEqual([]);
});

interface Rule {
  readonly broken: string;
  readonly field: keyof Policy;
  /** The value that breaks the rule, and how far beside it the rule holds. */
  readonly value: number;
  readonly beside: 1 | -1;
  /** What other rules would also mind. */
  readonly others?: Partial<Policy>;
}

const { idleAfterMs, stepBudgetMs, leaseMs, keepAliveMs } = policy;
const rules: Rule[] = [
  {
    broken: "a provider's timeout that beats cannot outrun",
    field: "keepAliveMs",
    value: leastKeepAlive(policy),
    beside: 1,
  },
  { broken: "a timeout past the plan's run", field: "maxRunMs", value: keepAliveMs - 1, beside: 1 },
  { broken: "a warning before the idle time begins", field: "warnBeforeMs", value: idleAfterMs, beside: -1 },
  {
    broken: "a reader who vanishes before idleness",
    field: "viewerGoneAfterMs",
    value: idleAfterMs - 1,
    beside: 1,
  },
  {
    broken: "beats too rare to be use",
    field: "beatEveryMs",
    value: idleAfterMs,
    beside: -1,
    others: { quietAfterMs: idleAfterMs + 1, evictAfterMs: idleAfterMs + 1 },
  },
  {
    broken: "an end told after it is over",
    field: "warnEndBeforeMs",
    value: policy.renewBeforeMs + 1,
    beside: -1,
  },
  {
    broken: "a renewal before its announcement",
    field: "renewAtLatestMs",
    value: policy.warnEndBeforeMs,
    beside: -1,
  },
  {
    broken: "runs that are renewed over and over",
    field: "renewBeforeMs",
    value: policy.maxRunMs / 2,
    beside: -1,
  },
  {
    broken: "moments that are quiet between two beats",
    field: "quietAfterMs",
    value: policy.beatEveryMs,
    beside: 1,
  },
  {
    broken: "places that are given away between two beats",
    field: "evictAfterMs",
    value: policy.beatEveryMs,
    beside: 1,
  },
  {
    broken: "a lease that lapses during a step",
    field: "leaseMs",
    value: stepBudgetMs * 2,
    beside: 1,
    others: { saveBudgetMs: 1 },
  },
  {
    broken: "a save that outlasts the lease",
    field: "saveBudgetMs",
    value: leaseMs - stepBudgetMs,
    beside: -1,
  },
];

describe("a contradiction", () => {
  test.each(rules)("is named: $broken", ({ field, value, others }) => {
    const found = policyFaults({ ...policy, ...others, [field]: value });

    expect(found).toHaveLength(1);
    expect(found[0]).toContain(field);
  });

  test.each(rules)("is none a millisecond beside it: $broken", ({ field, value, beside, others }) => {
    expect(policyFaults(policySchema.parse({ ...policy, ...others, [field]: value + beside }))).toEqual([]);
  });

  test("tells what two numbers come to together", () => {
    expect(policyFaults({ ...policy, saveBudgetMs: leaseMs })[0]).toContain(`(${leaseMs + stepBudgetMs})`);
    expect(policyFaults({ ...policy, keepAliveMs: 1 })[0]).toContain(`(${leastKeepAlive(policy)})`);
  });

  test("does not hide another: all are named at once", () => {
    expect(policyFaults({ ...policy, warnBeforeMs: policy.idleAfterMs, stepBudgetMs: leaseMs })).toHaveLength(
      3,
    );
  });
});

describe("overrides", () => {
  test("replace what they name and nothing else", () => {
    expect(withOverrides(policy, { idleAfterMs: 1 })).toEqual({ ...policy, idleAfterMs: 1 });
  });

  test("that are wrong are named, each with what is wrong with it", () => {
    const wrong = () => withOverrides(policy, { idleAfterMs: 0.5, maxRunMs: -1 });

    expect(wrong).toThrow(/idleAfterMs: [^;]*int/);
    expect(wrong).toThrow(/; maxRunMs: [^;]*>0/);
  });

  test.each([{ idleAfterMs: 0 }, { idleAfterMs: -5 }, { idleAfterMs: 1.5 }])("refuse %j", (overrides) => {
    expect(() => withOverrides(policy, overrides)).toThrow();
  });
});

function leastKeepAlive({ idleAfterMs, emitEveryMs, extendAtLatestMs }: Policy): number {
  return idleAfterMs + emitEveryMs + extendAtLatestMs;
}
