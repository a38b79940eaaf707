/** The operators' two switches, and an operator's own acts: what they stop, what goes on, and what is said of it. */
import { describe, expect, test } from "vitest";
import { ProviderUnreachableError } from "@/lib/errors";
import { parseScope } from "@/lib/ids";
import { hold } from "@/tests/support/agents";
import { createWorld, HOUR, MINUTE, SECOND, scope, type World } from "@/tests/support/world";

const turnOn = (world: World, name: "stop-creating" | "hold-everything") =>
  world.finish(() => world.rekindle.operator.turn(name, { on: true, by: "ada", why: "looking" }));
const turnOff = (world: World, name: "stop-creating" | "hold-everything") =>
  world.finish(() => world.rekindle.operator.turn(name, { on: false }));
const stateOf = async (world: World) => (await world.record()).state;

test("a switch tells who turned it, since when and why, and turned on again keeps its first word", async () => {
  const world = await createWorld();
  const since = world.clock.now();
  await turnOn(world, "stop-creating");
  await world.advance(MINUTE);
  await world.finish(() =>
    world.rekindle.operator.turn("stop-creating", { on: true, by: "bob", why: "line one\nline two" }),
  );

  const { switches } = await world.finish(() => world.rekindle.operator.fleet());
  expect(switches).toMatchObject([{ name: "stop-creating", by: "ada", why: "looking" }]);
  expect(switches[0]?.since).toBeGreaterThanOrEqual(since);
  expect(await turnOff(world, "stop-creating")).toEqual([]);
});

describe("with new sandboxes stopped", () => {
  test("a first open says why and makes none, and works again afterwards", async () => {
    const world = await createWorld();
    await turnOn(world, "stop-creating");

    const refused = await world.open();
    await world.advance(HOUR);

    expect(refused).toMatchObject({ state: "absent", reason: { code: "creating-stopped" }, action: "open" });
    expect(world.sandboxes()).toEqual([]);
    await turnOff(world, "stop-creating");
    expect((await world.status()).reason.code).toBe("never-opened");
    expect((await world.ready()).state).toBe("running");
  });

  test("what rests is woken, what runs stays, and a start that has its sandbox is finished", async () => {
    const world = await createWorld();
    await world.open();
    await world.until(() => world.running().length === 1);
    await turnOn(world, "stop-creating");
    await world.until(async () => (await stateOf(world)) === "running");
    await world.leave();
    await world.until(async () => (await stateOf(world)) === "paused");

    expect((await world.open()).state).toBe("running");
    expect(world.sandboxes()).toHaveLength(1);
  });

  test("a resume whose sandbox is gone makes no new one", async () => {
    const world = await createWorld();
    await world.ready();
    await world.leave();
    await world.until(async () => (await stateOf(world)) === "paused");
    await turnOn(world, "stop-creating");
    for (const { sandboxId } of world.sandboxes()) await world.cloud.kill(sandboxId);

    await world.open();
    await world.advance(10 * MINUTE);

    expect(world.sandboxes()).toEqual([]);
    expect(await world.status()).toMatchObject({ reason: { code: "creating-stopped" } });
  });
});

describe("with everything held", () => {
  test("a preview that everybody left runs on, past its idle time and the provider's own end", async () => {
    const world = await createWorld();
    await world.ready();
    await turnOn(world, "hold-everything");
    await world.leave();

    await world.advance(50 * MINUTE);

    expect(await stateOf(world)).toBe("running");
    expect(world.running()).toHaveLength(1);
    expect(world.faults.count("sandboxes.pause")).toBe(0);
  });

  // Found in review: without a renewal E2B itself paused it at the end of the plan's hour.
  test("a preview that everybody left outlives the plan's hour, with its memory", async () => {
    const world = await createWorld();
    await world.ready();
    const { startedJobs } = world.machines;
    const jobs = startedJobs.length;
    await turnOn(world, "hold-everything");
    await world.leave();

    for (let look = 0; look < 13; look += 1) {
      await world.advance(10 * MINUTE);
      expect(world.running()).toHaveLength(1);
    }

    expect(await stateOf(world)).toBe("running");
    expect(startedJobs).toHaveLength(jobs);
  });

  test("turned on while a kill saves the files, it is not killed", async () => {
    const world = await createWorld();
    await world.ready();
    world.faults.interpose(async (call) => {
      if (call !== "sandboxes.run") return;
      world.faults.interpose(undefined);
      await world.runtime.fleet.turn("hold-everything", { on: true, by: "ada", why: "looking" });
    });

    const done = await world.finish(() => world.rekindle.operator.kill(scope));

    expect(done).toMatchObject({ kind: "refused", view: { state: "running" } });
    expect(world.running()).toHaveLength(1);
  });

  test("it rests by itself once the operators have looked", async () => {
    const world = await createWorld();
    await world.ready();
    await turnOn(world, "hold-everything");
    await world.leave();
    await world.advance(30 * MINUTE);
    await turnOff(world, "hold-everything");

    await world.until(async () => (await stateOf(world)) === "paused", 15 * MINUTE);

    expect(world.running()).toEqual([]);
  });

  test("nothing is paused or killed on an operator's word either, and opening goes on", async () => {
    const world = await createWorld();
    await world.ready();
    await turnOn(world, "hold-everything");

    const paused = await world.finish(() => world.rekindle.operator.pause(scope));
    const killed = await world.finish(() => world.rekindle.operator.kill(scope));
    const other = parseScope("p2", "u1");
    await world.ready("v1", other);

    expect([paused.kind, killed.kind]).toEqual(["refused", "refused"]);
    expect(world.running()).toHaveLength(2);
  });

  test("a start that fails leaves its sandbox for whoever looks, and it rests afterwards", async () => {
    const world = await createWorld({ project: { installExitCode: 1 } });
    await turnOn(world, "hold-everything");
    await world.open();
    await world.until(async () => (await stateOf(world)) === "failed");
    await world.advance(MINUTE);
    expect(world.running()).toHaveLength(1);

    await turnOff(world, "hold-everything");
    await world.until(() => world.running().length === 0, 20 * MINUTE);

    expect(await stateOf(world)).toBe("failed");
  });
});

describe("an operator", () => {
  test("brings a preview to rest that is in use and held, with its memory", async () => {
    const world = await createWorld();
    await world.ready();
    await hold(world, "task", HOUR);

    const done = await world.finish(() => world.rekindle.operator.pause(scope));

    expect(done).toMatchObject({ kind: "done", view: { state: "paused", reason: { code: "asked" } } });
    expect(world.running()).toEqual([]);
    expect((await world.open()).cameBack?.how).toBe("resumed");
  });

  test("ends a sandbox for good, once, and the preview is rebuilt when it is opened", async () => {
    const world = await createWorld();
    await world.ready();
    const [before] = world.sandboxes();

    const first = await world.finish(() => world.rekindle.operator.kill(scope));
    const second = await world.finish(() => world.rekindle.operator.kill(scope));

    expect(first).toMatchObject({ kind: "done", view: { state: "expired", reason: { code: "killed" } } });
    expect(second.kind).toBe("nothing-to-do");
    expect(world.sandboxes()).toEqual([]);
    expect((await world.ready()).sandboxId).not.toBe(before?.sandboxId);
  });

  test("who ends a sandbox that could not be saved is told what is lost", async () => {
    const world = await createWorld();
    await world.ready();
    const error = new ProviderUnreachableError("run");
    for (let call = 0; call < 5; call += 1)
      world.faults.plan("sandboxes.run", { kind: "error-before", error });

    const done = await world.finish(() => world.rekindle.operator.kill(scope));

    expect(done.word).toContain("is lost");
    expect(world.sandboxes()).toEqual([]);
  });

  test("whose process died before the kill leaves a sandbox that the audit ends", async () => {
    const world = await createWorld();
    await world.ready();
    world.faults.plan("sandboxes.kill", { kind: "die-before" });

    await expect(world.finish(() => world.rekindle.operator.kill(scope))).rejects.toThrow("died");
    expect(await stateOf(world)).toBe("expired");
    expect(world.sandboxes()).toHaveLength(1);
    await world.advance(world.policy.orphanGraceMs);
    const { counts } = await world.finish(() => world.rekindle.operator.audit());

    expect(counts).toEqual({ "orphan-killed": 1 });
    expect(world.sandboxes()).toEqual([]);
  });

  test("forgets a user with a receipt, told of each, and nothing of them is found afterwards", async () => {
    const world = await createWorld();
    await world.ready();
    await world.ready("v1", parseScope("p2", "u1"));
    const told: number[] = [];

    const receipt = await world.finish(() =>
      world.rekindle.operator.forget({ userId: "u1" }, ({ done }) => told.push(done)),
    );

    expect(receipt.previews).toHaveLength(2);
    expect(told).toEqual([1, 2]);
    expect(world.sandboxes()).toEqual([]);
    expect(await world.finish(() => world.rekindle.operator.find("u1"))).toEqual([]);
  });

  test("adopts a sandbox that runs already, and it rests like any other", async () => {
    const world = await createWorld();
    await world.ready("v1", parseScope("made", "elsewhere"));
    const [made] = world.sandboxes();
    await world.finish(() => world.rekindle.operator.forget({ projectId: "none", userId: "none" }));
    const refused = await world.finish(() =>
      world.rekindle.operator.adopt(scope, { sandboxId: String(made?.sandboxId), port: 3000 }),
    );
    expect(refused).toMatchObject({ kind: "refused", word: expect.stringContaining("another preview's") });

    const own = await world.cloud.create({
      templateId: "base",
      timeoutSeconds: 600,
      metadata: {},
      onTimeout: "pause",
    });
    world.machines.startJob(own.sandboxId, "start-0", "start.sh");
    await world.advance(5 * SECOND);
    const adopted = await world.finish(() =>
      world.rekindle.operator.adopt(scope, { sandboxId: own.sandboxId, port: 3000 }),
    );
    expect(adopted).toMatchObject({ kind: "done", view: { state: "running", sandboxId: own.sandboxId } });
    await world.until(async () => (await stateOf(world)) === "paused", 20 * MINUTE);
  });

  test("moves the end of a preview that nobody touches", async () => {
    const world = await createWorld();
    await world.ready();
    await world.advance(8 * MINUTE);

    await world.finish(() => world.rekindle.operator.extend(scope));
    await world.advance(8 * MINUTE);

    expect(await stateOf(world)).toBe("running");
  });

  test("sweeps without a cron, and is told how far it came", async () => {
    const world = await createWorld();
    await world.ready();
    const looks: number[] = [];
    await world.advance(9 * MINUTE + 50 * SECOND);

    const swept = await world.finish(() => world.rekindle.operator.sweep(({ done }) => looks.push(done)));

    expect(looks).toEqual([swept.looked]);
  });
});
