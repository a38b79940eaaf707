/** What Inngest is told of our functions when it syncs; one wrong function and none is registered. */
import { expect, test } from "vitest";
import { z } from "zod";
import { policyFaults } from "@/lib/preview/policy";
import { createWorld } from "@/tests/support/world";
import { syncedFunctions } from "./synced-functions";

test("everything is registered, and the engine refuses nothing", async () => {
  const world = await createWorld();

  expect(world.sync).toMatchObject({ kind: "registered" });
  expect(world.engine.functionIds()).toEqual([
    "rekindle-extend-on-activity",
    "rekindle-open-preview",
    "rekindle-pause-on-leave",
    "rekindle-pause-when-idle",
    "rekindle-reconcile-preview",
    "rekindle-recover-preview",
    "rekindle-renew-run",
    "rekindle-sweep-previews",
    "rekindle-sync-preview",
  ]);
});

test("ids are unique, and stable: runs in flight meet newer code", async () => {
  const functions = await syncedFunctions();

  const ids = functions.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^rekindle-[a-z-]+$/);
});

test("crons have five fields", async () => {
  const crons = (await syncedFunctions()).flatMap(({ triggers }) =>
    triggers.flatMap(({ cron }) => cron ?? []),
  );

  expect(crons.length).toBeGreaterThan(0);
  for (const cron of crons) expect(cron.replace(/^TZ=\S+ /, "").split(" ")).toHaveLength(5);
});

test("expressions stay in the subset that every evaluator agrees on, and are booleans where Inngest wants one", async () => {
  const functions = await syncedFunctions();

  const keys = functions.flatMap(({ debounce }) => debounce?.key ?? []);
  const conditions = functions.flatMap(({ triggers, cancel = [] }) => [
    ...triggers.flatMap(({ expression }) => expression ?? []),
    ...cancel.flatMap((option) => option.if ?? []),
  ]);
  expect(keys.length + conditions.length).toBeGreaterThan(4);
  for (const key of keys) expect(key).toMatch(/^event\.data\.\w+( \+ ("[^"]*"|event\.data\.\w+))*$/);
  const comparison = /^(event|async)\.data\.\w+ == ('[^']*'|(event|async)\.data\.\w+)$/;
  for (const condition of conditions) {
    for (const part of condition.split(/ && | \|\| /)) expect(part).toMatch(comparison);
  }
});

test("every cancelOn names what it matches: without it every run of the function would be cancelled", async () => {
  for (const { cancel = [] } of await syncedFunctions()) {
    expect(cancel.length).toBeLessThanOrEqual(5);
    for (const option of cancel) expect(option.if).toBeTruthy();
  }
});

test("every function says how often it is repeated", async () => {
  for (const { steps } of await syncedFunctions())
    expect(steps.step.retries?.attempts).toBeGreaterThanOrEqual(0);
});

test("the shipped numbers fit together, and their debounces are within Inngest's bounds", async () => {
  const world = await createWorld();

  expect(policyFaults(world.policy)).toEqual([]);
  for (const { debounce } of await syncedFunctions()) {
    if (!debounce) continue;
    const period = z
      .string()
      .regex(/^\d+s$/)
      .parse(debounce.period);
    expect(Number.parseInt(period, 10)).toBeGreaterThanOrEqual(1);
    expect(Number.parseInt(period, 10)).toBeLessThanOrEqual(7 * 24 * 3600);
  }
});

test("the recovery listens to our acting functions only, and never to itself", async () => {
  const functions = await syncedFunctions();
  const recover = functions.find(({ id }) => id === "rekindle-recover-preview");

  const expressions = recover?.triggers.map(({ expression }) => expression ?? "") ?? [];
  expect(recover?.triggers.map(({ event }) => event)).toEqual([
    "inngest/function.failed",
    "inngest/function.cancelled",
  ]);
  for (const expression of expressions) {
    expect(expression).toContain("'rekindle-open-preview'");
    expect(expression).not.toContain("recover-preview");
    for (const [, id] of expression.matchAll(/'([^']*)'/g))
      expect(functions.map((fn) => fn.id)).toContain(id);
  }
});
