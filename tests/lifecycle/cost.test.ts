/** What it costs at rest and in use, as counts (DESIGN "Cost at rest"). */
import { expect, test } from "vitest";
import { createWorld, HOUR, MINUTE, scope } from "@/tests/support/world";

test("a sweep with nothing due is one step, one script and no provider call, with a thousand previews at rest", async () => {
  const world = await createWorld();
  for (let index = 0; index < 1_000; index += 1) {
    await world.redis.command("HSET", `rekindle:test:preview:rest${index}`, "v", "1", "state", "paused");
  }
  const scriptsBefore = new Map(world.redis.scriptCalls);

  await world.advance(5 * MINUTE);

  const sweeps = world.runsOf("sweep-previews");
  expect(sweeps).toHaveLength(1);
  expect(sweeps[0]?.steps.map(({ name }) => name)).toEqual(["take-due"]);
  expect(world.redis.scriptCalls.get("take-due")).toBe((scriptsBefore.get("take-due") ?? 0) + 1);
  expect([...world.faults.calls.keys()]).toEqual(["store.takeDue"]);
  expect(world.engine.history().runs).toHaveLength(1);
});

test("a preview that rests is never looked at, however long it rests", async () => {
  const world = await createWorld();
  await world.ready();
  await world.leave();
  // The look that the last sign of life had arranged comes at most the idle time later.
  await world.advance(15 * MINUTE);
  expect((await world.record()).state).toBe("paused");
  const readsBefore = world.faults.count("store.read");
  const providerCallsBefore = providerCalls(world.faults.calls);

  await world.advance(3 * HOUR);

  expect(world.faults.count("store.read")).toBe(readsBefore);
  expect(providerCalls(world.faults.calls)).toBe(providerCallsBefore);
  expect(world.runsOf("reconcile-preview")).toEqual([]);
});

test("an hour of use costs at most 15 user/active events, 15 setTimeout and 40 executions", async () => {
  const world = await createWorld();
  await world.ready();
  const [events, extensions] = [
    world.eventsNamed("user/active").length,
    world.faults.count("sandboxes.extend"),
  ];
  const runsBefore = new Set(world.engine.history().runs.map(({ id }) => id));

  for (let minute = 0; minute < 60; minute += 1) {
    await world.beatFor(MINUTE);
    // A second viewer costs nothing more.
    await world.beat("v2");
  }

  const runs = world.engine.history().runs.filter(({ id, functionId }) => {
    const isCrons = functionId.endsWith("sweep-previews") || functionId.endsWith("audit-sandboxes");
    return !runsBefore.has(id) && !isCrons;
  });
  const executions = runs.reduce((sum, { steps }) => sum + 1 + steps.length, 0);
  expect(world.eventsNamed("user/active").length - events).toBeLessThanOrEqual(15);
  expect(world.faults.count("sandboxes.extend") - extensions).toBeLessThanOrEqual(15);
  expect(executions).toBeLessThanOrEqual(40);
});

test("a day of a preview that is used twice leaves nothing running and nothing waiting", async () => {
  const world = await createWorld();
  for (let visit = 0; visit < 2; visit += 1) {
    await world.ready();
    await world.beatFor(10 * MINUTE);
    await world.leave();
    await world.advance(3 * HOUR);
  }

  expect(world.running()).toEqual([]);
  // Nothing but the end of its retention, in a month.
  const { pausedAt } = await world.status();
  const due = await world.redis.command("ZRANGE", "rekindle:test:due", "0", "-1", "WITHSCORES");
  expect(due).toEqual([
    `${scope.projectId}/${scope.userId}`,
    String(Number(pausedAt) + world.policy.retentionMs),
  ]);
  expect(
    world.engine.history().runs.filter(({ status }) => status === "Running" || status === "Queued"),
  ).toEqual([]);
  expect((await world.record()).state).toBe("paused");
  expect(world.eventsNamed("preview/ready").every(({ data }) => Object(data).userId === scope.userId)).toBe(
    true,
  );
});

/** But for the audit's, which lists all of them once an hour. */
const audits = ["sandboxes.listPage", "sandboxes.count"];

const providerCalls = (calls: ReadonlyMap<string, number>): number =>
  [...calls]
    .filter(([name]) => name.startsWith("sandboxes.") && !audits.includes(name))
    .reduce((sum, [, count]) => sum + count, 0);
