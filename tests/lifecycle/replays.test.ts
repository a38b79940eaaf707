/** Old, repeated and reordered events. */
import { expect, test } from "vitest";
import { seededRandom } from "@/lib/random";
import { createWorld, HOUR, MINUTE, SECOND, scope, type World } from "@/tests/support/world";

test("a request older than ten minutes changes nothing, and says so", async () => {
  const world = await createWorld();
  const ts = world.clock.now();
  await world.advance(world.policy.requestFreshForMs + 1);

  world.emit("preview/requested", { ts });
  await world.advance(MINUTE);

  expect((await world.record()).state).toBe("absent");
  expect(world.runsOf("open-preview")).toMatchObject([{ output: { result: "stale-request" } }]);
  expect(world.sandboxes()).toEqual([]);
});

test("a request of exactly ten minutes is still fresh", async () => {
  const world = await createWorld();
  const ts = world.clock.now();
  await world.advance(world.policy.requestFreshForMs);

  world.emit("preview/requested", { ts });
  await world.advance(MINUTE);

  expect((await world.record()).state).toBe("running");
});

test.each([
  ["a cold start", async () => undefined],
  [
    "a resume",
    async (world: World) => {
      await world.ready();
      await world.leave();
      await world.advance(3 * MINUTE);
    },
  ],
  ["a warm preview", async (world: World) => void (await world.ready())],
])("a request answered by %s is not answered again when it is run once more", async (_case, before) => {
  const world = await createWorld();
  await before(world);
  world.emit("preview/requested", { id: "once" });
  await world.until(async () => (await world.record()).state === "running");
  await world.advance(10 * SECOND);
  // Opening by an event leaves no viewer behind; the product says that its user has left.
  await world.leave();
  await world.until(async () => (await world.record()).state === "paused");
  const [run] = world.runsOf("open-preview").slice(-1);

  const rerun = world.engine.rerun(String(run?.id));
  await world.advance(30 * SECOND);

  expect(rerun.kind).toBe("started");
  expect((await world.record()).state).toBe("paused");
  expect(world.runsOf("open-preview").at(-1)).toMatchObject({ output: { result: "completed" } });
});

test("a request that found somebody at work is answered by that work, and not again", async () => {
  const world = await createWorld();
  await world.open();
  await world.advance(5 * SECOND);
  world.emit("preview/requested", { id: "during" });
  await world.until(async () => (await world.record()).state === "running");
  await world.leave();
  await world.until(async () => (await world.record()).state === "paused");
  const during = world.runsOf("open-preview").find(({ eventId }) => eventId === "during");

  world.engine.rerun(String(during?.id));
  await world.advance(30 * SECOND);

  expect(during).toMatchObject({ output: { result: "busy" } });
  expect((await world.record()).state).toBe("paused");
});

test("the same event id twice opens once", async () => {
  const world = await createWorld();

  world.emit("preview/requested", { id: "twice" });
  world.emit("preview/requested", { id: "twice" });
  await world.advance(MINUTE);

  expect(world.runsOf("open-preview")).toHaveLength(1);
  expect(world.faults.count("sandboxes.create")).toBe(1);
});

test.each([1, 2, 3])(
  "every event of a life, run again after its end in any order, changes nothing (seed %i)",
  async (seed) => {
    const world = await createWorld({ seed });
    await aWholeLife(world);
    const before = await lastingPart(world);
    const runs = shuffled(
      world.engine.history().runs.filter(({ eventName }) => eventName !== "inngest/scheduled.timer"),
      seed,
    );
    const callsBefore = new Map(world.faults.calls);

    for (const { id } of runs) {
      world.engine.rerun(id);
      await world.advance(SECOND);
    }
    await world.advance(20 * MINUTE);

    expect(runs.length).toBeGreaterThan(5);
    expect(await lastingPart(world)).toEqual(before);
    for (const call of ["create", "connect", "pause", "extend"]) {
      const name = `sandboxes.${call}`;
      expect([name, world.faults.count(name)]).toEqual([name, callsBefore.get(name) ?? 0]);
    }
  },
);

test("every event of a life, sent again long after its end, changes nothing", async () => {
  const world = await createWorld();
  await aWholeLife(world);
  await world.advance(HOUR);
  const before = await lastingPart(world);
  const events = world.engine
    .history()
    .events.filter(({ name }) => name.startsWith("preview/") || name.startsWith("user/"));

  for (const { name, ts } of shuffled(events, 7)) world.emit(name, { ts });
  await world.advance(HOUR);

  expect(await lastingPart(world)).toEqual(before);
  expect(world.running()).toEqual([]);
});

async function aWholeLife(world: World): Promise<void> {
  await world.ready("v1");
  await world.beatFor(5 * MINUTE, "v1");
  await world.leave("v1");
  await world.advance(4 * MINUTE);
  world.emit("preview/requested", { id: "asked-by-the-product" });
  await world.advance(MINUTE);
  await world.open("v2");
  await world.beatFor(2 * MINUTE, "v2");
  await world.advance(13 * MINUTE);
  expect((await world.record()).state).toBe("paused");
}

/** What an event of the past must not change: all but how often somebody looked. */
async function lastingPart(world: World) {
  const { state, reason, wanted, changedAt, lastActiveAt, epoch } = await world.record();
  const views = world.sandboxes().map(({ sandboxId, state: at, endAt }) => ({ sandboxId, at, endAt }));
  return { state, reason, wanted, changedAt, lastActiveAt, epoch, views, scope };
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = seededRandom(seed);
  return items
    .map((item) => ({ item, at: random.fraction() }))
    .sort((left, right) => left.at - right.at)
    .map(({ item }) => item);
}
