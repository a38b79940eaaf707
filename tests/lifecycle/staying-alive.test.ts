/** How beats keep a sandbox alive at the provider, and what its hour does. */
import { expect, test } from "vitest";
import { createWorld, HOUR, MINUTE, SECOND, scope } from "@/tests/support/world";

test("beats move the provider's end, and the record has what the provider confirmed", async () => {
  const world = await createWorld();
  await world.ready();
  const before = world.sandboxes()[0]?.endAt ?? 0;

  await world.beatFor(10 * MINUTE);

  const [sandbox] = world.sandboxes();
  const record = await world.record();
  expect(sandbox?.endAt).toBeGreaterThan(before + 5 * MINUTE);
  expect(record).toMatchObject({ state: "running", endsAt: sandbox?.endAt });
});

test("the recorded end never moves back while one run lasts, and never past the plan's hour", async () => {
  const world = await createWorld();
  await world.ready();
  const ends: number[] = [];

  for (let minute = 0; minute < 55; minute += 1) {
    await world.beatFor(MINUTE);
    const record = await world.record();
    if (record.state === "running") ends.push(record.endsAt);
  }

  const [sandbox] = world.sandboxes();
  expect(ends).toHaveLength(55);
  expect(ends).toEqual([...ends].sort((left, right) => left - right));
  expect(ends.at(-1)).toBe((sandbox?.startedAt ?? 0) + world.policy.maxRunMs);
});

// Found by the property of tests/property/staying.test.ts: who opened a warm preview and only read it was paused by the
// provider, whose end nothing had moved.
test("opening a warm preview near its end moves the end, so that it rests an idle time later and not before", async () => {
  const world = await createWorld();
  await world.ready();
  await world.advance(9 * MINUTE);
  const before = world.sandboxes()[0]?.endAt ?? 0;
  const openedAt = world.clock.now();
  expect(before).toBeLessThan(openedAt + world.policy.idleAfterMs);

  await world.open("v2");
  await world.advance(world.policy.idleAfterMs - SECOND);

  expect(world.sandboxes()).toMatchObject([{ state: "running" }]);
  expect(world.sandboxes()[0]?.endAt).toBeGreaterThan(openedAt + world.policy.idleAfterMs);
  await world.until(async () => (await world.record()).state === "paused");
  expect(await world.record()).toMatchObject({ reason: "idle", lastActiveAt: openedAt });
});

test("opening a warm preview with time left costs no event and no run", async () => {
  const world = await createWorld();
  await world.ready();
  const before = world.engine.history();

  await world.open("v2");
  await world.advance(10 * SECOND);

  expect(world.engine.history().events).toHaveLength(before.events.length);
  expect(world.engine.history().runs).toHaveLength(before.runs.length);
});

test("the provider's hour with nobody there any more is written down, and nothing is woken", async () => {
  // The idle pause is made to miss: only the sweep is left.
  const world = await createWorld();
  await world.ready();
  world.engine.pauseFunction("rekindle-pause-when-idle");
  world.engine.pauseFunction("rekindle-sweep-previews");
  world.engine.pauseFunction("rekindle-audit-sandboxes");
  await world.advance(20 * MINUTE);
  expect(world.running()).toEqual([]);

  world.engine.resumeFunction("rekindle-sweep-previews");
  await world.advance(6 * MINUTE);

  expect(await world.record()).toMatchObject({
    state: "paused",
    reason: "provider-paused",
    wanted: "resting",
  });
  expect(world.running()).toEqual([]);
  expect(world.eventsNamed("preview/paused")).toHaveLength(1);
});

test("a late event extends nothing that nobody used since", async () => {
  const world = await createWorld();
  await world.ready();
  const { lastActiveAt } = await world.record();
  await world.advance(8 * MINUTE);
  const { endAt } = world.sandboxes()[0] ?? {};

  world.emit("user/active", { ts: Number(lastActiveAt) });
  await world.advance(70 * SECOND);

  expect(world.sandboxes()[0]?.endAt).toBe(endAt);
});

test("an extension never asks the provider for an end that has passed", async () => {
  const world = await createWorld();
  await world.ready();
  const calls: number[] = [];
  const extend = world.cloud.setTimeout.bind(world.cloud);
  world.cloud.setTimeout = (sandboxId, seconds) => {
    calls.push(seconds);
    extend(sandboxId, seconds);
  };
  // The provider started a new run behind our back: by the record, its hour is over.
  await world.redis.command(
    "HSET",
    await recordKey(world),
    "runStartedAt",
    String(world.clock.now() - 2 * HOUR),
  );
  await world.redis.command("HSET", await recordKey(world), "endsAt", String(world.clock.now() - HOUR));

  await world.beat();
  await world.advance(70 * SECOND);

  expect(calls.filter((seconds) => seconds <= 0)).toEqual([]);
  expect(world.running()).toHaveLength(1);
});

test("when every extension fails the provider pauses with memory kept, and the next look brings it back", async () => {
  const { ProviderUnreachableError } = await import("@/lib/errors");
  const world = await createWorld();
  const { sandboxId } = await world.ready();
  for (let index = 0; index < 60; index += 1) {
    world.faults.plan("sandboxes.extend", {
      kind: "error-before",
      error: new ProviderUnreachableError("extend"),
    });
  }

  await world.beatFor(25 * MINUTE);

  expect(await world.record()).toMatchObject({ state: "running", sandboxId, cameBack: "resumed" });
  expect(world.machines.startedJobs).toHaveLength(2);
});

test("an extension whose answer was lost changes nothing for the worse", async () => {
  const { ProviderUnreachableError } = await import("@/lib/errors");
  const world = await createWorld();
  await world.ready();
  world.faults.plan("sandboxes.extend", {
    kind: "error-after",
    error: new ProviderUnreachableError("extend"),
  });
  world.faults.plan("store.recordExtension", { kind: "die-before" });

  await world.beatFor(8 * MINUTE);

  expect(await world.record()).toMatchObject({ state: "running", endsAt: world.sandboxes()[0]?.endAt });
});

const recordKey = async (world: Awaited<ReturnType<typeof createWorld>>) =>
  `rekindle:test:preview:${world.store.previewIdOf(scope)}`;
