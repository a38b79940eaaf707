/** Waiting for a place: who makes room for whom, what a wait is told, and that no fault makes it last for ever. */
import { expect, test } from "vitest";
import { StoreUnreachableError } from "@/lib/errors";
import { parseScope } from "@/lib/ids";
import { createWorld, HOUR, MINUTE, SECOND, type World, type WorldOptions } from "@/tests/support/world";

const one = parseScope("one", "ann");
const two = parseScope("two", "ben");
const three = parseScope("three", "cem");

const crampedWorld = (places: number, options: WorldOptions = {}) =>
  createWorld({
    project: { installMs: SECOND, answersAfterMs: SECOND },
    ...options,
    policy: { planConcurrency: places, ...options.policy },
  });

const isRunning = (world: World, of: typeof one) => async () => (await world.record(of)).state === "running";
const beatBoth = async (world: World, forMs: number) => {
  for (let at = 0; at < forMs; at += world.policy.beatEveryMs) {
    await world.beat("v1", one);
    await world.beat("v1", two);
    await world.advance(world.policy.beatEveryMs);
  }
};
const foreigner = (world: World) =>
  world.cloud.create({ templateId: "base", timeoutSeconds: 3_600, metadata: { app: "another" } });

test("what nobody uses gives its place to one who waits, and is told to rest for that; what is in use keeps it", async () => {
  const world = await crampedWorld(2);
  await world.ready("v1", one);
  await world.ready("v1", two);

  const waiting = await world.open("v1", three);
  for (let round = 0; round < 10 && !(await isRunning(world, three)()); round += 1) {
    await world.beat("v1", one);
    await world.advance(20 * SECOND);
  }

  expect(waiting).toMatchObject({ state: "absent", reason: { code: "no-place" }, action: "none" });
  expect(waiting.line).toMatchObject({ position: 1 });
  expect(waiting.line?.waitMs).toBeUndefined();
  expect(await world.record(two)).toMatchObject({ state: "paused", reason: "evicted" });
  expect(await world.record(one)).toMatchObject({ state: "running" });
  expect(await world.record(three)).toMatchObject({ state: "running" });
  expect(world.eventsNamed("preview/paused")).toMatchObject([{ data: { ...two, reason: "evicted" } }]);
});

test("while all are in use nobody is asked to rest; a place that comes free is taken by itself", async () => {
  const world = await crampedWorld(2, { policy: { graceAfterLeftMs: 30 * SECOND } });
  await world.ready("v1", one);
  await world.ready("v1", two);
  await world.open("v1", three);

  await beatBoth(world, 3 * MINUTE);
  const during = await world.status(three);
  const asked = world.eventsNamed("preview/rest.requested");
  await world.leave("v1", two);
  await world.beatFor(3 * MINUTE, "v1", one);

  expect(await world.record(three)).toMatchObject({ state: "running" });
  expect(during.line).toMatchObject({ position: 1 });
  expect(asked).toEqual([]);
  expect(await world.record(two)).toMatchObject({ state: "paused", reason: "left" });
});

test("a held preview is not asked to rest, and neither is any while an operator holds everything", async () => {
  const world = await crampedWorld(2);
  await world.finish(() => world.rekindle.hold(one, { key: "work", maxMs: HOUR }));
  await world.ready("v1", two);
  await world.runtime.fleet.turn("hold-everything", { on: true, by: "op", why: "looking" });
  await world.open("v1", three);

  await world.advance(4 * MINUTE);
  const heldEverything = world.eventsNamed("preview/rest.requested").length;
  await world.beat("v1", three);
  await world.runtime.fleet.turn("hold-everything", { on: false });
  await world.until(isRunning(world, three), 2 * MINUTE);

  expect(heldEverything).toBe(0);
  expect((await world.record(one)).state).toBe("running");
  expect(await world.record(two)).toMatchObject({ state: "paused", reason: "evicted" });
});

test("a stranger's sandbox takes a place away: a start and a wake wait for it instead of failing, and go on by themselves", async () => {
  const world = await crampedWorld(2, { maxConcurrent: 2 });
  const { sandboxId } = await world.ready("v1", two);
  await world.leave("v1", two);
  await world.advance(3 * MINUTE);
  const strangers = [await foreigner(world), await foreigner(world)];

  await world.open("v1", one);
  await world.until(async () => (await world.status(one)).line !== undefined, MINUTE);
  const woken = await world.open("v1", two);
  await world.advance(MINUTE);
  const { foreign } = await world.runtime.fleet.state();
  for (const stranger of strangers) await world.cloud.kill(stranger.sandboxId);
  await world.until(isRunning(world, one), MINUTE);
  await world.until(isRunning(world, two), MINUTE);

  expect(woken).toMatchObject({ state: "paused", reason: { code: "no-place" } });
  expect(foreign).toBe(2);
  expect(world.eventsNamed("preview/failed")).toEqual([]);
  expect(await world.record(two)).toMatchObject({ sandboxId, cameBack: "resumed" });
});

test("a wake that meets a full provider goes back to rest as it was, and first in line", async () => {
  const world = await crampedWorld(2, { maxConcurrent: 2 });
  await world.ready("v1", two);
  await world.leave("v1", two);
  await world.advance(3 * MINUTE);
  const before = await world.record(two);
  await world.ready("v1", one);
  await foreigner(world);

  const woken = await world.open("v1", two);
  const after = await world.record(two);
  await world.leave("v1", one);
  await world.until(isRunning(world, two), 4 * MINUTE);

  expect(woken).toMatchObject({ state: "paused", line: { position: 1 } });
  expect(after).toMatchObject({ state: "paused", reason: "no-place", wanted: "running" });
  for (const field of ["pausedAt", "sealHash", "safeAt", "sandboxId"] as const) {
    expect([field, Reflect.get(after, field)]).toEqual([field, Reflect.get(before, field)]);
    expect(Reflect.get(before, field)).toBeDefined();
  }
});

test("when the run that looks after the line is cancelled, another goes on at once", async () => {
  const world = await crampedWorld(1);
  await world.ready("v1", one);
  await world.open("v1", two);
  await world.advance(15 * SECOND);
  const [server] = world.runsOf("serve-line");

  world.engine.cancelRun(String(server?.id));
  await world.leave("v1", one);
  await world.until(isRunning(world, two), 4 * MINUTE);

  expect(world.runsOf("serve-line")).toHaveLength(2);
});

test("when nobody was called to the line, since who joined it died, the sweep calls", async () => {
  const world = await crampedWorld(1);
  await world.ready("v1", one);
  world.faults.plan("store.claim", { kind: "die-after" });
  await expect(world.open("v1", two)).rejects.toThrow("the worker died");
  await world.leave("v1", one);

  await world.until(isRunning(world, two), 6 * MINUTE);

  expect(world.runsOf("serve-line")).toHaveLength(1);
});

test("a look at the line whose answer was lost admits those it has given a place to", async () => {
  const world = await crampedWorld(1);
  await world.ready("v1", one);
  await world.open("v1", two);
  await world.leave("v1", one);
  await world.until(async () => (await world.record(one)).state === "paused", 3 * MINUTE);
  world.faults.plan("fleet.serveLine", {
    kind: "error-after",
    error: new StoreUnreachableError("serve-line"),
  });

  await world.until(isRunning(world, two), 2 * MINUTE);

  expect((await world.record(two)).state).toBe("running");
});

test("a renewal keeps its place however many wait", async () => {
  const world = await crampedWorld(1, {
    policy: { maxRunMs: 20 * MINUTE, lineLookEveryMs: MINUTE },
    maxRunMs: 20 * MINUTE,
  });
  const { sandboxId } = await world.ready("v1", one);
  await world.beatFor(11 * MINUTE, "v1", one);
  await world.open("v1", two);
  await world.beatFor(12 * MINUTE, "v1", one);

  expect(await world.record(one)).toMatchObject({ state: "running", sandboxId, reason: "renewed" });
  expect((await world.status(two)).line).toMatchObject({ position: 1 });
  expect(world.sandboxes()).toHaveLength(1);
});

test("one whose person left the line, or went away without a word, costs nothing", async () => {
  const world = await crampedWorld(1, { policy: { lineLookEveryMs: MINUTE } });
  await world.ready("v1", one);
  await world.open("v1", two);
  await world.open("v1", three);
  await world.leave("v1", two);

  await world.beatFor(12 * MINUTE, "v1", one);
  await world.leave("v1", one);
  await world.advance(10 * MINUTE);

  expect(world.faults.count("sandboxes.create")).toBe(1);
  expect(await world.status(two)).toMatchObject({ state: "absent", action: "open" });
  expect(await world.status(three)).toMatchObject({ state: "absent", action: "open" });
  expect(await world.runtime.fleet.state()).toMatchObject({ taken: 0, waiting: 0 });
});

test("an agent waits in line like anybody, and its hold counts from when it asked", async () => {
  const world = await crampedWorld(1);
  await world.ready("v1", one);
  const held = world.begin(() => world.rekindle.hold(two, { key: "work", maxMs: HOUR }));
  await world.advance(MINUTE);
  const during = await world.status(two);
  await world.leave("v1", one);
  await world.advance(4 * MINUTE);

  expect(during).toMatchObject({ line: { position: 1 }, holds: 1 });
  expect((await held).sandboxId).toBe((await world.status(two)).sandboxId);
});

test("a user at the limit of previews gives up the one that is not in use, and no other", async () => {
  const world = await crampedWorld(5, { policy: { maxRunningPerUser: 2 } });
  const [a, b, c] = [parseScope("a", "ann"), parseScope("b", "ann"), parseScope("c", "ann")];
  await world.ready("v1", a);
  await world.ready("v1", b);
  const refused = await world.open("v1", c);
  await world.advance(60 * SECOND);
  await world.beat("v1", b);
  await world.advance(40 * SECOND);

  await world.ready("v1", c);

  expect(refused).toMatchObject({ state: "absent" });
  expect(await world.record(a)).toMatchObject({ state: "paused", reason: "evicted" });
  expect(await world.record(b)).toMatchObject({ state: "running" });
  expect(await world.record(c)).toMatchObject({ state: "running" });
});

test("what an operator asks to rest rests at once, whoever uses it; a replay of that changes nothing", async () => {
  const world = await crampedWorld(2);
  await world.ready("v1", one);
  await world.finish(() => world.rekindle.hold(one, { key: "work", maxMs: HOUR }));

  world.emit("preview/rest.requested", { data: { ...one, because: "asked" } });
  await world.advance(10 * SECOND);
  const rested = await world.record(one);
  await world.finish(() => world.rekindle.release(one, "work"));
  await world.ready("v1", one);
  world.emit("preview/rest.requested", { ts: world.clock.now() - HOUR, data: { ...one, because: "asked" } });
  await world.advance(10 * SECOND);

  expect(rested).toMatchObject({ state: "paused", reason: "asked" });
  expect((await world.record(one)).state).toBe("running");
  expect(world.eventsNamed("preview/paused")).toHaveLength(1);
});

test("who came back before the request to rest arrived keeps the preview, and a turn in line that is told too late wakes nothing", async () => {
  const world = await crampedWorld(2);
  await world.ready("v1", one);
  await world.ready("v1", two);
  await world.leave("v1", two);
  await world.advance(3 * MINUTE);
  await world.beat("v1", one);

  world.emit("preview/rest.requested", { data: { ...one, because: "evicted" } });
  world.emit("preview/requested", { data: { ...two, requestedBy: "line" } });
  await world.advance(10 * SECOND);

  expect((await world.record(one)).state).toBe("running");
  expect(await world.record(two)).toMatchObject({ state: "paused", wanted: "resting" });
  expect(world.runsOf("rest-on-request").at(-1)).toMatchObject({ output: { result: "active" } });
  expect(world.runsOf("open-preview").at(-1)).toMatchObject({ output: { result: "not-waiting" } });
});

// Found in review: who was offered a place while the store was away stood in no line any more, and was given up.
test("one whose offered place could not be taken up stands in line again, and runs as soon as that is possible", async () => {
  const world = await crampedWorld(1);
  await world.ready("v1", one);
  await world.open("v1", two);
  await world.leave("v1", one);
  const error = new StoreUnreachableError("claim");
  let offeredAt = 0;
  world.faults.interpose(async (call) => {
    if (call !== "store.claim") return;
    const isOffered = (await world.redis.command("ZCARD", "rekindle:test:line")) === 0;
    if (isOffered && offeredAt === 0) offeredAt = world.clock.now();
    if (isOffered && world.clock.now() < offeredAt + 4 * MINUTE) throw error;
  });

  for (let round = 0; round < 40 && !(await isRunning(world, two)()); round += 1) {
    expect(await world.status(two)).toMatchObject({
      reason: { code: expect.stringMatching(/no-place|requested|never-opened/) },
    });
    await world.beat("v1", two);
    await world.advance(30 * SECOND);
  }

  expect(offeredAt).toBeGreaterThan(0);
  expect(await isRunning(world, two)()).toBe(true);
  expect(world.clock.now()).toBeLessThan(offeredAt + 12 * MINUTE);
});
