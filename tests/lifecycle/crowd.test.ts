/** Thirty callers at once, on every way in: one sandbox, one address, and what is surplus ends within its bound. */
import { expect, test } from "vitest";
import { ProviderUnreachableError } from "@/lib/errors";
import { createWorld, MINUTE, SECOND, scope, type World } from "@/tests/support/world";

const ALL = 30;

const tabs = (world: World, count: number, from = 0) =>
  Array.from({ length: count }, (_, index) =>
    world.begin(() => world.rekindle.open({ ...scope, viewerId: `v${from + index}` })),
  );

/** Ten tabs, ten events of the product's, five of them repeated by their ids, and ten more tabs a moment later. */
async function everybodyOpens(world: World): Promise<void> {
  const early = tabs(world, ALL / 3);
  for (let index = 0; index < ALL / 3; index += 1) {
    world.emit("preview/requested", { id: `asked-${index % 5}` });
  }
  await world.advance(300);
  const late = tabs(world, ALL / 3, ALL / 3);
  await world.advance(SECOND);
  await Promise.all([...early, ...late]);
}

test("thirty at once (tabs, events, repeated events) create one sandbox and see one progress and one address", async () => {
  const world = await createWorld();

  await everybodyOpens(world);
  await world.advance(5 * SECOND);
  const during = await world.status();
  await world.until(async () => (await world.record()).state === "running");
  await world.advance(10 * SECOND);
  const answers = tabs(world, ALL);
  await world.advance(SECOND);
  const urls = (await Promise.all(answers)).map(({ url }) => url);

  // One record is what everybody sees: there is no progress of one's own.
  expect(during.step?.phase).toBe("install");
  expect(during.viewers).toBe(20);
  expect(new Set(urls)).toEqual(new Set([`https://3000-${world.sandboxes()[0]?.sandboxId}.preview.test`]));
  expect(world.faults.count("sandboxes.create")).toBe(1);
  expect(world.machines.startedJobs).toHaveLength(2);
  expect(world.eventsNamed("preview/ready")).toHaveLength(1);
});

test("runs of one request that are repeated by hand while it starts join the start that goes on", async () => {
  const world = await createWorld();
  await everybodyOpens(world);
  const runs = world.runsOf("open-preview");

  for (const { id } of runs) world.engine.rerun(id);
  await world.until(async () => (await world.record()).state === "running");
  await world.advance(MINUTE);

  expect(world.faults.count("sandboxes.create")).toBe(1);
  expect(world.machines.startedJobs).toHaveLength(2);
});

test("when the create's answer is lost for thirty at once, one sandbox is committed and none is surplus", async () => {
  const world = await createWorld();
  world.faults.plan("sandboxes.create", {
    kind: "error-after",
    error: new ProviderUnreachableError("create"),
  });

  await everybodyOpens(world);
  await world.until(async () => (await world.record()).state === "running");

  expect(world.faults.count("sandboxes.create")).toBe(1);
  expect(world.sandboxes()).toHaveLength(1);
});

test("a create that lands after another took over is surplus: destroyed at once, and what is committed is not", async () => {
  const world = await createWorld();
  // Longer than the claim: whoever takes over finds nothing by its labels and creates one of its own.
  world.faults.plan("sandboxes.create", { kind: "stall", ms: 8 * MINUTE });

  await everybodyOpens(world);
  await world.until(async () => (await world.record()).state === "running");
  const committed = (await world.status()).sandboxId;
  while (world.clock.now() < Date.UTC(2026, 0, 1) + 8.5 * MINUTE) {
    await world.beat();
    await world.advance(MINUTE);
  }

  expect(world.faults.count("sandboxes.create")).toBe(2);
  expect(world.sandboxes().map(({ sandboxId, state }) => [sandboxId, state])).toEqual([
    [committed, "running"],
  ]);
  expect(await world.record()).toMatchObject({ state: "running", sandboxId: committed });
});

test("a surplus whose maker died runs no longer than its own timeout and a claim", async () => {
  const world = await createWorld();
  const startedAt = world.clock.now();
  // It lands late, and nobody is left to know of it.
  world.faults.plan("sandboxes.create", { kind: "stall", ms: 8 * MINUTE });
  world.faults.plan("store.condemn", { kind: "die-before" });

  await everybodyOpens(world);
  await world.until(async () => (await world.record()).state === "running");
  const { keepAliveMs, leaseMs } = world.policy;
  const latest = startedAt + 8 * MINUTE + keepAliveMs + leaseMs;
  let surplusSeen = 0;
  while (world.clock.now() < latest) {
    await world.beat();
    await world.advance(MINUTE);
    surplusSeen = Math.max(surplusSeen, world.running().length - 1);
  }

  expect(surplusSeen).toBe(1);
  expect(world.running().map(({ sandboxId }) => sandboxId)).toEqual([(await world.status()).sandboxId]);
});

test("a resume that comes back after another worker took over changes nothing, and what it woke is what runs", async () => {
  const world = await createWorld();
  const { sandboxId } = await world.ready();
  await world.leave();
  await world.advance(5 * MINUTE);
  world.faults.plan("sandboxes.connect", { kind: "stall", ms: 3 * MINUTE });
  const late = world.begin(() => world.rekindle.open({ ...scope, viewerId: "v1" }));
  await world.advance(world.policy.leaseMs + SECOND);

  const second = await world.open("v2");
  const { readyAt, readyBy } = await world.record();
  await world.beatFor(2 * MINUTE, "v2");

  expect(second).toMatchObject({ state: "running", sandboxId });
  expect(await late).toMatchObject({ state: "running", sandboxId });
  expect(await world.record()).toMatchObject({ state: "running", sandboxId, readyAt, readyBy });
  expect(world.running()).toHaveLength(1);
});

test("thirty opens through the route of a warm preview are thirty script calls, no provider's call and no run", async () => {
  const world = await createWorld();
  await world.ready();
  const scripts = () => [...world.redis.scriptCalls.values()].reduce((sum, count) => sum + count, 0);
  const provider = () => [...world.faults.calls].filter(([name]) => name.startsWith("sandboxes."));
  const [scriptsBefore, providerBefore] = [scripts(), provider()];
  const runsBefore = world.engine.history().runs.length;
  const handlers = world.rekindle.handlers(async () => scope.userId);
  const post = (viewerId: string) =>
    new Request("https://app.test/api/previews/p1/open", {
      method: "POST",
      headers: { host: "app.test", "content-type": "application/json" },
      body: JSON.stringify({ viewerId }),
    });

  const answers = await Promise.all(
    Array.from({ length: ALL }, (_, index) => handlers.open(post(`v${index}`), scope.projectId)),
  );

  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(scripts() - scriptsBefore).toBe(ALL);
  expect(provider()).toEqual(providerBefore);
  expect(world.engine.history().runs).toHaveLength(runsBefore);
});
