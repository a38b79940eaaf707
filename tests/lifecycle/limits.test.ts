/** What users and projects may: suspension, the time that sandboxes run, how many at once, and starts that keep failing. */
import { describe, expect, test } from "vitest";
import { ProviderUnreachableError } from "@/lib/errors";
import { parseScope } from "@/lib/ids";
import { createWorld, HOUR, MINUTE, scope, type World } from "@/tests/support/world";

const stateOf = async (world: World, of = scope) => (await world.record(of)).state;
const suspend = (world: World) =>
  world.finish(() => world.rekindle.operator.suspend("u1", "ada", "mining coins"));

describe("a suspended user", () => {
  test("has nothing running a moment later, whoever watches, and is told why", async () => {
    const world = await createWorld();
    await world.ready();
    await world.ready("v1", parseScope("p2", "u1"));
    await world.ready("v1", parseScope("p3", "u2"));

    const { rested } = await suspend(world);
    const view = await world.open();
    const { suspension } = await world.finish(() => world.rekindle.operator.show(scope));

    expect(rested).toBe(2);
    expect(world.running()).toHaveLength(1);
    expect(view).toMatchObject({ state: "paused", reason: { code: "suspended" }, action: "none" });
    expect(view.reason.message).toContain("mining coins");
    expect(suspension).toMatchObject({ by: "ada", why: "mining coins" });
  });

  test("whose start was under way is brought to rest by the next look", async () => {
    const world = await createWorld();
    await world.open();
    await suspend(world);

    await world.until(async () => (await stateOf(world)) === "paused", 15 * MINUTE);

    expect(world.running()).toEqual([]);
    expect(await world.record()).toMatchObject({ reason: "suspended", wanted: "resting" });
  });

  // Found in review: each beat of two tabs put the look off that would have brought it to rest.
  test("whose start was under way is brought to rest however often two tabs beat", async () => {
    const world = await createWorld();
    await world.open();
    await suspend(world);
    await world.until(async () => (await stateOf(world)) === "running");
    for (let round = 0; round < 24; round += 1) {
      await world.beat("v1");
      await world.advance(7_500);
      await world.beat("v2");
      await world.advance(7_500);
    }

    expect(world.running()).toEqual([]);
    expect(await world.record()).toMatchObject({ state: "paused", reason: "suspended" });
  });

  // Found by the simulator (layer 1, seed 62): the word of a suspension arrived after it had been lifted.
  test("who may go on again is not brought to rest by the word of their suspension", async () => {
    const world = await createWorld();
    await world.ready();
    world.emit("preview/rest.requested", { data: { because: "suspended" } });
    await world.advance(MINUTE);

    expect(await stateOf(world)).toBe("running");
    expect(world.runsOf("rest-on-request").at(-1)?.output).toEqual({ result: "not-suspended" });
  });

  // Found by the simulator (layer 1, seed 833): every look was refused, and it was starting for as long as that lasted.
  test("is not left half-way by a start or resume that broke off", async () => {
    const world = await createWorld();
    await world.ready();
    await world.finish(() => world.rekindle.operator.pause(scope));
    world.faults.plan("sandboxes.connect", { kind: "die-after" });
    await expect(world.open()).rejects.toThrow();
    world.faults.plan("store.claim", { kind: "die-after" });
    const other = parseScope("p2", "u1");
    await expect(world.open("v1", other)).rejects.toThrow();
    expect([await stateOf(world), await stateOf(world, other)]).toEqual(["resuming", "starting"]);
    await world.finish(() => world.runtime.fleet.suspend(scope.userId, "ada", "stop"));
    await world.advance(8 * MINUTE);

    expect(await world.record()).toMatchObject({ state: "paused", reason: "run-failed", wanted: "resting" });
    expect(await world.record(other)).toMatchObject({
      state: "failed",
      reason: "run-failed",
      wanted: "resting",
    });
    expect(world.running()).toEqual([]);
  });

  // Found by the simulator (layer 1, seed 851): the claim came long after the look that had seen the suspension.
  test("who may go on again just before the claim is not brought to rest", async () => {
    const world = await createWorld();
    await world.ready();
    await world.finish(() => world.runtime.fleet.suspend(scope.userId, "ada", "stop"));
    world.faults.interpose(async (call) => {
      if (call !== "store.claim") return;
      world.faults.interpose(undefined);
      await world.runtime.fleet.unsuspend(scope.userId);
    });
    world.emit("preview/rest.requested", { data: { because: "suspended" } });
    await world.advance(MINUTE);

    expect(await stateOf(world)).toBe("running");
    expect(world.runsOf("rest-on-request").at(-1)?.output).toEqual({ result: "active" });
  });

  // Found in review: a beat during the failed pause wished it back, and nothing brought it to rest.
  test("whose pause the provider failed is brought to rest all the same, while the viewer beats", async () => {
    const world = await createWorld();
    await world.ready();
    const error = new ProviderUnreachableError("pause");
    world.faults.plan("sandboxes.pause", { kind: "error-before", error });
    await suspend(world);
    await world.beatFor(8 * MINUTE);

    expect(world.running()).toEqual([]);
    expect(await world.record()).toMatchObject({ state: "paused", wanted: "resting" });
  });

  test("is not kept awake by an event or an agent, and goes on where it stood still when that ends", async () => {
    const world = await createWorld();
    await world.ready();
    await suspend(world);
    world.emit("preview/requested", { ts: world.clock.now() });
    await world.advance(MINUTE);
    expect(world.running()).toEqual([]);

    await world.finish(() => world.rekindle.operator.unsuspend("u1"));

    expect((await world.open()).cameBack?.how).toBe("resumed");
  });

  test("is not woken by the second half of a renewal", async () => {
    const world = await createWorld();
    await world.ready();
    await world.beatFor(52 * MINUTE);
    world.faults.interpose(async (call) => {
      if (call !== "sandboxes.pause") return;
      world.faults.interpose(undefined);
      await world.runtime.fleet.suspend(scope.userId, "ada", "stop");
    });
    await world.beatFor(8 * MINUTE);
    await world.advance(15 * MINUTE);

    expect(world.running()).toEqual([]);
    expect((await world.record()).wanted).toBe("resting");
  });
});

describe("the time that a user's sandboxes run", () => {
  const limited = { policy: { maxRunMsPerUserDay: 20 * MINUTE } };

  test("is told at 80, 95 and 100 percent, once each, and shown in the pane", async () => {
    const world = await createWorld({ policy: { ...limited.policy, emitEveryMs: MINUTE } });
    await world.ready();
    await world.beatFor(22 * MINUTE);

    const told = world.eventsNamed("user/usage.reached").map(({ data }) => Object(data).percent);

    expect(told).toEqual([80, 95, 100]);
    expect((await world.status()).usage).toMatchObject({ period: "day", step: 100, limitMs: 20 * MINUTE });
  });

  test("ends nothing that is in use; what rests is opened again when the next day begins", async () => {
    const world = await createWorld(limited);
    await world.ready();
    await world.beatFor(40 * MINUTE);
    expect(await stateOf(world)).toBe("running");

    await world.leave();
    await world.until(async () => (await stateOf(world)) === "paused");
    const refused = await world.open();
    expect(refused).toMatchObject({ state: "paused", reason: { code: "usage-limit" } });
    await world.advance(24 * HOUR);

    expect((await world.open()).state).toBe("running");
  });

  // Found by the simulator (layer 1, seed 259): nobody could extend it, its place was gone with the run, and the record said
  // "running" of a paused sandbox for as long as somebody beat.
  test("keeps what the provider paused from coming back, and the record says that it rests", async () => {
    const world = await createWorld({ policy: { maxRunMsPerUserDay: 10 * MINUTE } });
    await world.ready();
    world.faults.interpose(async (call) => {
      if (call === "sandboxes.extend") throw new ProviderUnreachableError("extend");
    });
    await world.beatFor(20 * MINUTE);

    expect(world.running()).toEqual([]);
    expect(await world.record()).toMatchObject({ state: "paused", wanted: "resting" });
    expect(await world.status()).toMatchObject({ state: "paused", reason: { code: "usage-limit" } });
  });

  test("is the sum of all runs by the provider's own times, renewals and pauses of others' included", async () => {
    const world = await createWorld({ policy: { maxRunMsPerUserDay: 24 * HOUR } });
    const runs: number[] = [];
    let since = 0;
    const note = () => {
      const [sandbox] = world.sandboxes();
      if (sandbox?.state === "running" && since === 0) since = sandbox.startedAt;
    };
    await world.ready();
    note();
    await world.beatFor(70 * MINUTE);
    await world.leave();
    await world.until(async () => (await stateOf(world)) === "paused");
    runs.push((world.sandboxes()[0]?.endAt ?? 0) - since);

    const { usage } = await world.finish(() => world.rekindle.operator.show(scope));

    // A renewal's few seconds at rest, and that a pause is written a moment before it lands.
    expect(Math.abs(usage.dayMs - Number(runs[0]))).toBeLessThan(10_000);
  });

  test("costs an unlimited user nothing more than before", async () => {
    const world = await createWorld();
    await world.ready();
    await world.beatFor(20 * MINUTE);

    expect(world.redis.scriptCalls.get("usage-told")).toBeUndefined();
    expect((await world.status()).usage).toBeUndefined();
  });
});

describe("how many previews of one user run at once", () => {
  const one = { maxRunningPerUser: 1 };

  // Found in review: an offered place was taken for one that the preview had already.
  test("is kept to by those who waited in line as well", async () => {
    const world = await createWorld({ policy: { ...one, planConcurrency: 2 }, maxConcurrent: 20 });
    const mine = [parseScope("a", "u1"), parseScope("b", "u1")];
    const others = [parseScope("x", "u8"), parseScope("y", "u9")];
    for (const of of mine) {
      await world.ready("v", of);
      await world.leave("v", of);
      await world.until(async () => (await stateOf(world, of)) === "paused");
    }
    for (const of of others) await world.ready("v", of);
    for (const of of mine) await world.open("v", of);
    for (const of of others) await world.leave("v", of);
    for (let round = 0; round < 10; round += 1) {
      for (const of of mine) await world.beat("v", of);
      await world.advance(30_000);
    }

    const states = await Promise.all(mine.map((of) => stateOf(world, of)));
    expect(states.filter((state) => state === "running")).toHaveLength(1);
  });

  test("says nothing of previews that many share", async () => {
    const world = await createWorld({ policy: one });
    await world.ready("v1", parseScope("p1", "shared"));

    expect((await world.ready("v2", parseScope("p2", "shared"))).state).toBe("running");
  });
});

describe("a project whose starts fail for good", () => {
  const broken = { project: { installExitCode: 1 } };
  const failOne = async (world: World, userId: string) => {
    const of = parseScope("p1", userId);
    await world.open("v1", of);
    await world.until(async () => (await stateOf(world, of)) === "failed");
    await world.advance(MINUTE);
  };

  test("is not tried for the next one, who is told what failed; a person's retry tries it again", async () => {
    const world = await createWorld(broken);
    for (const userId of ["u1", "u2", "u3"]) await failOne(world, userId);
    const made = world.faults.count("sandboxes.create");
    const next = parseScope("p1", "u4");

    const view = await world.open("v1", next);

    expect(view).toMatchObject({ state: "failed", reason: { code: "project-broken" }, action: "try-again" });
    expect(view.reason.message).toContain("Installing the dependencies failed");
    expect(world.faults.count("sandboxes.create")).toBe(made);
    world.machines.project.installExitCode = 0;
    await world.open("v1", next);
    await world.until(async () => (await stateOf(world, next)) === "running");
    expect((await world.ready("v1", parseScope("p1", "u5"))).state).toBe("running");
  });

  test("keeps no other project from starting, nor itself once the failures are old", async () => {
    const world = await createWorld(broken);
    for (const userId of ["u1", "u2"]) await failOne(world, userId);
    await world.advance(world.policy.breakerWindowMs);
    await failOne(world, "u3");
    const made = world.faults.count("sandboxes.create");

    await world.open("v1", parseScope("p1", "u4"));
    await world.open("v1", parseScope("p2", "u4"));
    await world.advance(MINUTE);

    expect(world.faults.count("sandboxes.create")).toBe(made + 2);
  });
});
