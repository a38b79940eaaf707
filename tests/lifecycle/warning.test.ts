/** The word before a preview goes to rest for want of use: once for each deadline, and in time to stay. */
import { expect, test } from "vitest";
import { advanceTo } from "@/tests/support/old-run";
import { createWorld, MINUTE, SECOND, scope, type World } from "@/tests/support/world";

const warnings = (world: World) => world.eventsNamed("preview/expiring");
/** A product's function starts once for each id (inngest.md §2.6, 2026-11-22). */
const warnedIds = (world: World) => [...new Set(warnings(world).map(({ id }) => id))];

/** Nobody's sign since the start; the deadline is the idle end. */
async function untouched() {
  const world = await createWorld();
  await world.ready();
  const deadline = Number((await world.record()).readyAt) + world.policy.idleAfterMs;
  return { world, deadline, warnAt: deadline - world.policy.warnBeforeMs };
}

test("it is told once, two minutes before, that a sign of life moves it", async () => {
  const { world, deadline, warnAt } = await untouched();

  await advanceTo(world, warnAt - 1);
  const before = warnings(world).length;
  await advanceTo(world, deadline + 30 * SECOND);

  expect(before).toBe(0);
  expect(warnings(world)).toMatchObject([{ data: { ...scope, deadline, kind: "idle", canExtend: true } }]);
  // A debounce closes a second late (inngest.md §2.2).
  expect(Number(warnings(world)[0]?.receivedAt) - warnAt).toBeLessThan(15 * SECOND);
  expect(await world.record()).toMatchObject({ state: "paused", reason: "idle" });
});

test("a sign of life after the warning moves the deadline, and the new one is told anew", async () => {
  const { world, warnAt } = await untouched();
  await advanceTo(world, warnAt + 30 * SECOND);
  await world.beat();
  const deadline = Number((await world.record()).lastActiveAt) + world.policy.idleAfterMs;

  await advanceTo(world, deadline - world.policy.warnBeforeMs - 1);
  const before = warnedIds(world).length;
  await advanceTo(world, deadline + 30 * SECOND);

  expect(before).toBe(1);
  expect(warnedIds(world)).toHaveLength(2);
  expect(warnings(world).at(-1)).toMatchObject({ data: { deadline, kind: "idle" } });
  expect(await world.record()).toMatchObject({ state: "paused", reason: "idle" });
});

test("beats of which no event came through move it as well", async () => {
  const { world, warnAt } = await untouched();
  await world.advance(MINUTE);
  // Within the interval between two events.
  await world.beat();
  const deadline = Number((await world.record()).lastActiveAt) + world.policy.idleAfterMs;

  await advanceTo(world, warnAt + 30 * SECOND);
  const early = warnings(world).length;
  await advanceTo(world, deadline);

  expect(early).toBe(0);
  expect(warnings(world)).toMatchObject([{ data: { deadline } }]);
});

test("nobody is warned of a preview that was paused before, nor of one that is held", async () => {
  const left = await untouched();
  await left.world.leave();
  const held = await untouched();
  await held.world.finish(() => held.world.rekindle.hold(scope, { key: "task", maxMs: 30 * MINUTE }));

  await left.world.advance(15 * MINUTE);
  await held.world.advance(15 * MINUTE);

  expect((await left.world.record()).state).toBe("paused");
  expect(warnings(left.world)).toEqual([]);
  expect(warnings(held.world)).toEqual([]);
});

test("an extension by a hold is told again when it is given back, for the deadline that it leaves", async () => {
  const { world } = await untouched();
  await world.finish(() => world.rekindle.hold(scope, { key: "task", maxMs: 30 * MINUTE }));
  await world.advance(12 * MINUTE);
  await world.finish(() => world.rekindle.release(scope, "task"));
  const deadline = Number((await world.record()).lastActiveAt) + world.policy.idleAfterMs;

  await advanceTo(world, deadline + 30 * SECOND);

  expect(warnings(world)).toMatchObject([{ data: { deadline, kind: "idle" } }]);
  expect((await world.record()).state).toBe("paused");
});

test("signs of life and runs that come again give no second warning of a deadline", async () => {
  const { world, deadline, warnAt } = await untouched();
  await advanceTo(world, warnAt + 15 * SECOND);
  const [sign] = world.eventsNamed("user/active");
  const [watch] = world.runsOf("pause-when-idle");

  // A sign that nobody gave now: its time has passed.
  world.emit("user/active", { ts: Number(sign?.ts) });
  world.engine.rerun(String(watch?.id));
  await advanceTo(world, deadline + 30 * SECOND);

  expect(warnedIds(world)).toHaveLength(1);
  expect(await world.record()).toMatchObject({ state: "paused", reason: "idle" });
});

test("a product's function hears of each deadline once, and of a run's end that nothing moves as such", async () => {
  const heard: unknown[] = [];
  const world = await createWorld({
    functions: ({ runtime }) => [
      runtime.inngest.createFunction(
        { id: "tell-people", triggers: [{ event: "preview/expiring" }] },
        async ({ event }) => {
          heard.push(event.data);
        },
      ),
    ],
  });
  await world.ready();
  const [run] = world.running();

  await world.beatFor(60 * MINUTE);
  await world.advance(world.policy.idleAfterMs + MINUTE);

  expect(heard).toMatchObject([
    { kind: "run-end", canExtend: false, deadline: Number(run?.startedAt) + world.policy.maxRunMs },
    {
      kind: "idle",
      canExtend: true,
      deadline: Number((await world.record()).lastActiveAt) + world.policy.idleAfterMs,
    },
  ]);
});
