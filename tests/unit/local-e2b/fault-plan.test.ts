/** Which calls meet which fault: a decision without I/O, the same for the same seed and the same calls. */
import { expect, test } from "vitest";
import { callRuleShape, delayMsOf } from "@/lib/local/e2b/faults/fault-kinds";
import { FaultPlan, type FaultRule, type When } from "@/lib/local/e2b/faults/fault-plan";
import { seededRandom } from "@/lib/random";

interface Named {
  readonly kind: string;
}

const planOf = (seed = 1) => new FaultPlan<Named>(seededRandom(seed));
const rule = (when: When, changes: Partial<FaultRule<Named>> = {}): FaultRule<Named> => ({
  site: "create",
  when,
  fault: { kind: "error" },
  ...changes,
});
const half: When = { kind: "probability", probability: 0.5 };

/** Whether each of so many calls meets a fault. */
const struck = (plan: FaultPlan<Named>, calls: number, site = "create") =>
  Array.from({ length: calls }, () => plan.next({ site }).length);

test("the same seed and the same calls meet the same faults with the same fractions, another seed others", () => {
  const run = (seed: number) => {
    const plan = planOf(seed);
    plan.add(rule(half));
    plan.add(rule(half, { site: "*", fault: { kind: "drop" } }));
    return Array.from({ length: 40 }, (_, at) => plan.next({ site: at % 3 === 0 ? "pause" : "create" }));
  };
  expect(run(7)).toEqual(run(7));
  expect(run(7)).not.toEqual(run(8));
});

test("calls of another site do not shift what a rule decides", () => {
  const [alone, among] = [planOf(), planOf()];
  for (const plan of [alone, among]) {
    plan.add(rule(half));
    plan.add(rule(half, { site: "pause" }));
  }
  const without = struck(alone, 30);
  const within = Array.from({ length: 30 }, () => {
    among.next({ site: "pause" });
    return among.next({ site: "create" }).length;
  });
  expect(within).toEqual(without);
  expect(new Set(without)).toEqual(new Set([0, 1]));
});

test("when: the next ones after some, every nth, always, never", () => {
  const cases: [When, number[]][] = [
    [{ kind: "next", count: 2 }, [1, 1, 0, 0, 0, 0]],
    [{ kind: "next", count: 1, skip: 2 }, [0, 0, 1, 0, 0, 0]],
    [{ kind: "every", nth: 3 }, [0, 0, 1, 0, 0, 1]],
    [{ kind: "always" }, [1, 1, 1, 1, 1, 1]],
    [{ kind: "probability", probability: 0 }, [0, 0, 0, 0, 0, 0]],
    [{ kind: "probability", probability: 1 }, [1, 1, 1, 1, 1, 1]],
  ];
  for (const [when, expected] of cases) {
    const plan = planOf();
    plan.add(rule(when));
    expect(struck(plan, 6)).toEqual(expected);
  }
});

test("a rule means its site, or those that begin as it says, and its sandbox only", () => {
  const plan = planOf();
  plan.add(rule({ kind: "always" }, { site: "Process.*" }));
  plan.add(rule({ kind: "always" }, { site: "pause", sandboxId: "ione" }));
  const meets = (site: string, sandboxId?: string) => plan.next({ site, sandboxId }).length;
  expect([meets("Process.Start"), meets("Processes"), meets("process.Start")]).toEqual([1, 0, 0]);
  expect([meets("pause", "ione"), meets("pause", "itwo"), meets("pause"), meets("pauses", "ione")]).toEqual([
    1, 0, 0, 0,
  ]);
});

test("several rules strike one call in the order in which they were added", () => {
  const plan = planOf();
  plan.add(rule({ kind: "always" }, { fault: { kind: "delay" } }));
  plan.add(rule({ kind: "always" }, { fault: { kind: "drop" } }));
  expect(plan.next({ site: "create" }).map(({ fault }) => fault.kind)).toEqual(["delay", "drop"]);
});

test("what was injected is counted by site and kind, also of rules that are gone", () => {
  const plan = planOf();
  const id = plan.add(rule({ kind: "always" }, { site: "*" }));
  struck(plan, 2);
  struck(plan, 1, "kill");
  expect(plan.rules()).toMatchObject([{ id, met: 3, injected: 3 }]);
  expect([plan.remove(id), plan.remove(id)]).toEqual([true, false]);
  struck(plan, 1);
  expect(plan.injected()).toEqual({ create: { error: 2 }, kill: { error: 1 } });
});

test("a rule that could not be meant is refused in process as over HTTP", () => {
  const nonsense: When[] = [
    { kind: "every", nth: 0 },
    { kind: "next", count: 0 },
    { kind: "next", count: 1, skip: -1 },
    { kind: "probability", probability: 1.5 },
  ];
  for (const when of nonsense) {
    expect(() => planOf().add(rule(when))).toThrow(RangeError);
    expect(callRuleShape.safeParse({ site: "create", when, fault: { kind: "drop-before" } }).success).toBe(
      false,
    );
  }
  const backwards = { kind: "delay", minMs: 2, maxMs: 1 };
  expect(callRuleShape.safeParse({ site: "*", when: { kind: "always" }, fault: backwards }).success).toBe(
    false,
  );
});

test("a delay lies between its bounds, by the fraction", () => {
  const delay = { kind: "delay", minMs: 10, maxMs: 30 } as const;
  expect([delayMsOf(delay, 0), delayMsOf(delay, 0.5)]).toEqual([10, 20]);
});
