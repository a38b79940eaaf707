/** Opening, in virtual time: cold, warm, by many at once, from the route and from events. */
import { expect, test } from "vitest";
import { parseScope } from "@/lib/ids";
import { createWorld, HOUR, MINUTE, SECOND, scope } from "@/tests/support/world";

test("a first open installs, starts and answers at its address", async () => {
  const world = await createWorld();

  const first = await world.open();
  await world.until(async () => (await world.status()).state === "running");

  const view = await world.status();
  expect(first).toMatchObject({ state: "starting", action: "none" });
  expect(view.url).toBe(`https://3000-${view.sandboxId}.preview.test`);
  expect(view.cameBack).toMatchObject({ how: "rebuilt-cold" });
  expect(world.machines.startedJobs.map(({ script }) => script)).toEqual(["install.sh", "start.sh"]);
  expect(world.eventsNamed("preview/ready")).toHaveLength(1);
});

test("while it starts, the view names the step under way and how long the person waits", async () => {
  const world = await createWorld();

  await world.open();
  await world.advance(6 * SECOND);

  const view = await world.status();
  expect(view).toMatchObject({
    state: "starting",
    step: { phase: "install" },
    waitingSince: expect.any(Number),
  });
  expect(view.steps?.map(({ standing }) => standing)).toEqual(["done", "done", "current", "ahead", "ahead"]);
  expect(view.logTail).toContain("install.sh");
});

test("twenty opens of a paused preview at once resume it once", async () => {
  const world = await createWorld();
  await world.ready();
  await world.leave();
  await world.advance(3 * MINUTE);
  expect((await world.record()).state).toBe("paused");
  const connectsBefore = world.faults.count("sandboxes.connect");

  const routes = Array.from({ length: 20 }, (_, index) =>
    world.begin(() => world.rekindle.open({ ...scope, viewerId: `v${index}` })),
  );
  await world.advance(30 * SECOND);
  await Promise.all(routes);

  expect((await world.record()).state).toBe("running");
  expect(world.faults.count("sandboxes.connect") - connectsBefore).toBe(1);
});

test("a warm open is one script call, no provider call and no run", async () => {
  const world = await createWorld();
  await world.ready();
  const scriptsBefore = [...world.redis.scriptCalls.values()].reduce((sum, count) => sum + count, 0);
  const callsBefore = [...world.faults.calls].filter(([name]) => name.startsWith("sandboxes."));
  const runsBefore = world.engine.history().runs.length;

  const view = await world.open("v2");

  expect(view).toMatchObject({ state: "running", viewers: 2 });
  expect([...world.redis.scriptCalls.values()].reduce((sum, count) => sum + count, 0)).toBe(
    scriptsBefore + 1,
  );
  expect([...world.faults.calls].filter(([name]) => name.startsWith("sandboxes."))).toEqual(callsBefore);
  expect(world.engine.history().runs).toHaveLength(runsBefore);
});

test("a resume in the route answers running and starts no server anew", async () => {
  const world = await createWorld();
  const { sandboxId } = await world.ready();
  await world.leave();
  await world.advance(HOUR);
  const ranBefore = world.machines.ranFor(String(sandboxId));

  const view = await world.open();

  expect(view).toMatchObject({ state: "running", sandboxId, cameBack: { how: "resumed" } });
  expect(world.machines.startedJobs).toHaveLength(2);
  expect(world.machines.ranFor(String(sandboxId)) - ranBefore).toBeLessThan(10 * SECOND);
});

test("a resumed sandbox whose server no longer listens gets its server started again, without an install", async () => {
  const world = await createWorld();
  const { sandboxId } = await world.ready();
  await world.leave();
  await world.advance(HOUR);
  world.machines.loseServer(String(sandboxId));

  const first = await world.open();
  await world.until(async () => (await world.record()).state === "running");

  expect(first.state).toBe("resuming");
  expect(world.machines.startedJobs.map(({ script }) => script)).toEqual([
    "install.sh",
    "start.sh",
    "start.sh",
  ]);
  expect((await world.record()).cameBack).toBe("restarted");
});

test("a slow provider does not hold the route: the resume goes on in a run", async () => {
  const world = await createWorld();
  await world.ready();
  await world.leave();
  await world.advance(HOUR);
  world.faults.plan("sandboxes.connect", {
    kind: "error-before",
    error: new (await import("@/lib/errors")).ProviderUnreachableError("connect"),
  });

  const first = await world.open();
  await world.until(async () => (await world.record()).state === "running");

  expect(first.state).toBe("resuming");
  expect(world.eventsNamed("preview/ready")).toHaveLength(2);
});

test("an event alone opens a preview, and the product hears of it", async () => {
  const world = await createWorld();

  world.emit("preview/requested");
  await world.until(async () => (await world.record()).state === "running");
  await world.advance(SECOND);

  expect(world.eventsNamed("preview/ready")).toMatchObject([
    { data: { ...scope, cameBack: "rebuilt-cold" } },
  ]);
});

test("two users of one project have sandboxes of their own", async () => {
  const world = await createWorld();
  const other = parseScope("p1", "u2");

  await world.ready();
  await world.ready("v9", other);

  const [mine, theirs] = [await world.status(), await world.status(other)];
  expect(mine.sandboxId).not.toBe(theirs.sandboxId);
  expect(world.sandboxes()).toHaveLength(2);
});

test("nothing is created for a project that does not exist", async () => {
  const { UnknownProjectError } = await import("@/lib/errors");
  const missing = async () => {
    throw new UnknownProjectError("p1");
  };
  const world = await createWorld({ files: { revision: missing, load: missing } });

  await world.open();
  await world.until(async () => (await world.record()).state === "failed");
  await world.advance(MINUTE);

  expect(await world.status()).toMatchObject({ reason: { code: "unknown-project" }, action: "try-again" });
  expect(world.sandboxes()).toEqual([]);
});
