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
    "rekindle-apply-sandbox-event",
    "rekindle-audit-sandboxes",
    "rekindle-extend-on-activity",
    "rekindle-open-preview",
    "rekindle-pause-on-leave",
    "rekindle-pause-when-idle",
    "rekindle-reconcile-preview",
    "rekindle-recover-preview",
    "rekindle-renew-run",
    "rekindle-rest-on-request",
    "rekindle-serve-line",
    "rekindle-sweep-previews",
    "rekindle-sync-preview",
  ]);
});

test("each function is registered with these triggers, windows, locks and cancellations, and with no others", async () => {
  const functions = await syncedFunctions();
  const perPreview = 'event.data.projectId + "/" + event.data.userId';
  const samePreview =
    "event.data.projectId == async.data.projectId && event.data.userId == async.data.userId";

  const registered = functions.map(({ id, name: _name, steps, triggers, ...options }) => [
    id,
    {
      on: triggers.map(({ event, cron }) => event ?? cron),
      retries: steps.step.retries?.attempts,
      ...options,
    },
  ]);
  expect(Object.fromEntries(registered)).toEqual({
    "rekindle-open-preview": {
      on: ["preview/requested"],
      retries: 2,
      throttle: { limit: 1, period: "1s" },
    },
    "rekindle-extend-on-activity": {
      on: ["user/active"],
      retries: 2,
      debounce: { key: perPreview, period: "5s", timeout: "60s" },
    },
    "rekindle-pause-when-idle": {
      on: ["user/active"],
      retries: 2,
      debounce: { key: perPreview, period: "480s" },
      singleton: { key: perPreview, mode: "cancel" },
    },
    "rekindle-pause-on-leave": {
      on: ["user/left"],
      retries: 2,
      cancel: [
        { event: "user/active", if: samePreview },
        { event: "preview/requested", if: samePreview },
      ],
    },
    "rekindle-renew-run": { on: ["preview/renewal.due"], retries: 2 },
    "rekindle-sync-preview": { on: ["preview/sync.requested"], retries: 2 },
    "rekindle-sweep-previews": { on: ["*/5 * * * *", "preview/sweep.requested"], retries: 2 },
    "rekindle-serve-line": { on: ["preview/line.waiting"], retries: 2 },
    "rekindle-rest-on-request": { on: ["preview/rest.requested"], retries: 2 },
    "rekindle-audit-sandboxes": { on: ["17 * * * *", "preview/audit.requested"], retries: 2 },
    "rekindle-reconcile-preview": { on: ["preview/check.due"], retries: 2 },
    "rekindle-apply-sandbox-event": { on: ["e2b/sandbox.changed"], retries: 2 },
    "rekindle-recover-preview": {
      on: ["inngest/function.failed", "inngest/function.cancelled"],
      retries: 2,
    },
  });
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
  const idsIn = (expression: string | undefined) =>
    [...(expression ?? "").matchAll(/'([^']*)'/g)].map(([, id]) => id).sort();
  const acting = functions
    .map(({ id }) => id)
    .filter(
      (id) =>
        !["recover-preview", "sweep-previews", "audit-sandboxes"].includes(id.slice("rekindle-".length)),
    )
    .sort();
  expect(idsIn(expressions[0])).toEqual(acting);
  // A return cancels the pauses by design, and a debounce an extension: only what may hold a claim is recovered.
  expect(idsIn(expressions[1])).toEqual([
    "rekindle-apply-sandbox-event",
    "rekindle-open-preview",
    "rekindle-reconcile-preview",
    "rekindle-renew-run",
    "rekindle-rest-on-request",
    "rekindle-serve-line",
    "rekindle-sync-preview",
  ]);
});
