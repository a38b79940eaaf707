/** How a run is renewed before its plan ends it, whatever happens in between, and when it is not. */
import { describe, expect, test } from "vitest";
import { advanceTo, ageRunUntil, isRenewed, nearItsEnd } from "@/tests/support/old-run";
import { createWorld, HOUR, MINUTE, SECOND, scope, type World } from "@/tests/support/world";

const warnings = (world: World) => world.eventsNamed("preview/expiring").map(({ data }) => Object(data));

test("somebody who uses it without a pause has it past the provider's hour, renewed at the last moment", async () => {
  const world = await createWorld();
  const { sandboxId } = await world.ready();
  const [run] = world.running();
  const ranBefore = world.machines.ranFor(String(sandboxId));

  await world.beatFor(HOUR + 10 * MINUTE);

  const record = await world.record();
  expect(record).toMatchObject({ state: "running", sandboxId, cameBack: "resumed", reason: "renewed" });
  const endedAt = Number(run?.startedAt) + world.policy.maxRunMs;
  expect(Number(record.renewedAt)).toBeGreaterThan(endedAt - world.policy.renewAtLatestMs);
  expect(Number(record.renewedAt)).toBeLessThan(endedAt);
  expect(Number(record.renewTookMs)).toBeGreaterThan(2 * SECOND);
  expect(Number(record.renewTookMs)).toBeLessThan(5 * SECOND);
  const ranMs = world.machines.ranFor(String(sandboxId)) - ranBefore;
  expect(ranMs).toBeGreaterThan(HOUR + 10 * MINUTE - 5 * SECOND);
  expect(world.machines.startedJobs).toHaveLength(2);
  expect(warnings(world)).toEqual([{ ...scope, deadline: endedAt, kind: "run-end", canExtend: false }]);
});

describe("the moment", () => {
  test("is the first quiet one of the window, and then nobody is warned", async () => {
    const { world, sandboxId, renewAt, stops } = await nearItsEnd();

    await world.advance(3 * MINUTE);

    expect(stops).toHaveLength(1);
    expect(Number(stops[0]) - renewAt).toBeGreaterThanOrEqual(0);
    // The engine's second, and the pause's two.
    expect(Number(stops[0]) - renewAt).toBeLessThan(4 * SECOND);
    expect(await world.record()).toMatchObject({ state: "running", sandboxId, reason: "renewed" });
    expect(warnings(world)).toEqual([]);
  });

  test("is the last one while it is held, and the run's end is told once", async () => {
    const { world, endsAt, latestAt, stops } = await nearItsEnd();
    await world.finish(() => world.rekindle.hold(scope, { key: "task", maxMs: 30 * MINUTE }));

    await world.advance(10 * MINUTE);

    expect(stops).toHaveLength(1);
    expect(Number(stops[0])).toBeGreaterThanOrEqual(latestAt);
    expect(Number(stops[0])).toBeLessThan(endsAt);
    expect(warnings(world)).toEqual([{ ...scope, deadline: endsAt, kind: "run-end", canExtend: false }]);
  });

  // Found here: it was renewed for nobody, and paused a minute later.
  test("does not come when it would rest before: nobody is there, and the idle pause is enough", async () => {
    const { world, renewAt, stops } = await nearItsEnd();
    // Idle at a second before the last moment; quiet since long when the window opens.
    const idleSince =
      renewAt + world.policy.renewBeforeMs - world.policy.renewAtLatestMs - world.policy.idleAfterMs;
    await world.redis.command("HSET", recordKey(world), "lastActiveAt", String(idleSince - SECOND));
    await world.redis.command("HSET", recordKey(world), "readyAt", String(idleSince - SECOND));

    await world.advance(15 * MINUTE);

    expect(stops).toHaveLength(1);
    expect(world.faults.count("sandboxes.connect")).toBe(0);
    expect(await world.record()).toMatchObject({ state: "paused", reason: "idle" });
  });

  test("does not come for a room that everybody left", async () => {
    const { world, stops } = await nearItsEnd();
    await world.leave();

    await world.advance(15 * MINUTE);

    expect(stops).toHaveLength(1);
    expect(world.faults.count("sandboxes.connect")).toBe(0);
    expect(await world.record()).toMatchObject({ state: "paused", reason: "left" });
  });

  // Found here: only the sweep knew of it, which comes every five minutes and finds no quiet one.
  test("comes in time for who returns when the window is open already", async () => {
    const world = await createWorld();
    await world.ready();
    await world.advance(5 * MINUTE);
    const { sandboxId, endsAt } = await ageRunUntil(world, 4 * MINUTE);
    const ranBefore = world.machines.ranFor(sandboxId);
    const since = world.clock.now();

    await world.beatFor(8 * MINUTE);

    expect(await world.record()).toMatchObject({ state: "running", sandboxId, reason: "renewed" });
    expect(Number((await world.record()).renewedAt)).toBeLessThan(endsAt);
    const stoodStillMs = world.clock.now() - since - (world.machines.ranFor(sandboxId) - ranBefore);
    expect(stoodStillMs).toBeLessThan(5 * SECOND);
  });

  test("is found by the sweep when the renewal's own function missed it", async () => {
    const { world, sandboxId, endsAt } = await nearItsEnd();
    world.engine.pauseFunction("rekindle-renew-run");
    for (const { id, status } of world.runsOf("renew-run"))
      if (status === "Running") world.engine.cancelRun(id);

    await world.until(isRenewed(world, endsAt), 9 * MINUTE);

    expect(world.clock.now()).toBeLessThan(endsAt);
    expect(await world.record()).toMatchObject({ state: "running", sandboxId, reason: "renewed" });
  });

  test("is one, when the function and the sweep find it at once", async () => {
    const { world, renewAt, stops } = await nearItsEnd();
    await advanceTo(world, renewAt);

    world.emit("preview/check.due");
    world.emit("preview/check.due");
    await world.advance(10 * MINUTE);

    expect(stops.filter((at) => at < renewAt + 5 * MINUTE)).toHaveLength(1);
    expect(world.faults.count("sandboxes.connect")).toBe(1);
  });

  test("comes before the end of a plan that is shorter than the policy says", async () => {
    const world = await createWorld({ maxRunMs: 30 * MINUTE });
    const { sandboxId } = await world.ready();
    const ranBefore = world.machines.ranFor(String(sandboxId));

    await world.beatFor(21 * MINUTE);
    const [run] = world.running();
    const noticed = (await world.record()).runCapAt;
    await world.beatFor(20 * MINUTE);

    expect(noticed).toBe(Number(run?.startedAt) + 30 * MINUTE);
    expect(await world.record()).toMatchObject({ state: "running", sandboxId, reason: "renewed" });
    expect(world.machines.ranFor(String(sandboxId)) - ranBefore).toBeGreaterThan(41 * MINUTE - 5 * SECOND);
  });
});

test("what was found of one run's end is forgotten with the run", async () => {
  const world = await createWorld({ maxRunMs: 30 * MINUTE });
  const { sandboxId } = await world.ready();
  await world.beatFor(20 * MINUTE);
  const noticed = (await world.record()).runCapAt;
  // Behind our back: somebody else paused and connected.
  await world.cloud.pause(String(sandboxId));
  await world.cloud.connect(String(sandboxId), 900);

  world.emit("preview/check.due");
  await world.advance(5 * SECOND);

  const record = await world.record();
  expect(noticed).toBeDefined();
  expect(record).toMatchObject({ state: "running", runStartedAt: world.running()[0]?.startedAt });
  expect(record.runCapAt).toBeUndefined();
});

describe("in the middle of a renewal", () => {
  async function inTheMiddle() {
    const near = await nearItsEnd();
    near.world.faults.slow("sandboxes.pause", 4 * SECOND);
    await near.world.until(async () => (await near.world.record()).phase === "pause");
    return near;
  }

  test("an open is answered by it, and nothing is done twice", async () => {
    const { world, sandboxId, stops } = await inTheMiddle();

    const view = await world.open("v2");
    await world.advance(10 * SECOND);

    expect(view).toMatchObject({ state: "pausing", reason: { code: "renewal" }, action: "none" });
    expect(await world.record()).toMatchObject({ state: "running", sandboxId, reason: "renewed" });
    expect([stops.length, world.faults.count("sandboxes.connect")]).toEqual([1, 1]);
  });

  test("a beat counts, and changes nothing of it", async () => {
    const { world, sandboxId } = await inTheMiddle();

    const view = await world.beat();
    await world.advance(10 * SECOND);

    const record = await world.record();
    expect(record).toMatchObject({ state: "running", sandboxId, reason: "renewed" });
    expect(record.lastActiveAt).toBe(view.serverNow);
  });

  test("a hold waits for it, and has the renewed run", async () => {
    const { world, sandboxId } = await inTheMiddle();

    const held = await world.finish(() => world.rekindle.hold(scope, { key: "task", maxMs: MINUTE }));

    expect(held.sandboxId).toBe(sandboxId);
    expect(await world.record()).toMatchObject({ state: "running", reason: "renewed" });
    expect(world.faults.count("sandboxes.connect")).toBe(1);
  });

  test("the last one's leaving brings it to rest after the grace, by the sweep at the latest", async () => {
    const { world } = await inTheMiddle();
    await world.leave();

    await world.advance(world.policy.graceAfterLeftMs + world.policy.healAfterMs + 5 * MINUTE + 10 * SECOND);

    expect(await world.record()).toMatchObject({ state: "paused", reason: "left" });
    expect(world.running()).toEqual([]);
  });

  test("a sandbox killed from outside is rebuilt", async () => {
    const { world, sandboxId } = await inTheMiddle();
    await world.until(async () => (await world.record()).state === "resuming");
    await world.cloud.kill(sandboxId);

    await world.advance(MINUTE);

    expect(await world.record()).toMatchObject({
      state: "running",
      cameBack: "rebuilt-cold",
      reason: "sandbox-gone",
    });
    expect(world.running()).toHaveLength(1);
  });
});

const recordKey = (world: World) => `rekindle:test:preview:${world.store.previewIdOf(scope)}`;
