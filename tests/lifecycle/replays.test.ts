/** Old and repeated requests; every event of a life in any order is tests/property/replays.test.ts. */
import { expect, test } from "vitest";
import { createWorld, MINUTE, SECOND, type World } from "@/tests/support/world";

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
