/** An agent's hold: what it keeps from resting, how it ends, and what it must never change. */
import { describe, expect, test } from "vitest";
import { InvalidRequestError, NeedsPersonError, PreviewNotAvailableError } from "@/lib/errors";
import { parseLeaseId } from "@/lib/ids";
import { forgetPreview } from "@/lib/preview/operations/forget";
import { hold } from "@/tests/support/agents";
import { createWorld, MINUTE, SECOND, scope, type World } from "@/tests/support/world";

const SWEEP = 5 * MINUTE;

const release = (world: World, key: string) => world.finish(() => world.rekindle.release(scope, key));
const stateOf = async (world: World) => (await world.record()).state;

/** When it came to rest, by the provider's own time. */
async function restedAt(world: World): Promise<number> {
  for (let minute = 0; minute < 60 && (await stateOf(world)) !== "paused"; minute += 1) {
    await world.advance(MINUTE);
  }
  expect(await stateOf(world)).toBe("paused");
  return world.sandboxes()[0]?.endAt ?? 0;
}

describe("a preview that is held", () => {
  test("is not paused with nobody watching, and one extension moves the provider's end far enough", async () => {
    const world = await createWorld();

    const { endsAt } = await hold(world, "task", 30 * MINUTE);
    const extensions = world.faults.count("sandboxes.extend");
    await world.advance(29 * MINUTE);

    expect(await stateOf(world)).toBe("running");
    expect(world.sandboxes()[0]?.endAt).toBeGreaterThanOrEqual(endsAt + world.policy.idleAfterMs);
    expect(extensions).toBe(1);
    expect(world.faults.count("sandboxes.extend")).toBe(1);
    expect(world.faults.count("sandboxes.pause")).toBe(0);
  });

  test("rests an idle time after the end of a hold that a crashed agent never gave back", async () => {
    const world = await createWorld();
    const { endsAt } = await hold(world, "crashed", 20 * MINUTE);

    const at = await restedAt(world);

    expect(at).toBeGreaterThanOrEqual(endsAt + world.policy.idleAfterMs);
    expect(at).toBeLessThanOrEqual(endsAt + world.policy.idleAfterMs + 10 * SECOND);
    expect(await world.record()).toMatchObject({ reason: "idle" });
  });

  test("rests an idle time after a hold that was given back early", async () => {
    const world = await createWorld();
    await hold(world, "task", 60 * MINUTE);
    await world.advance(5 * MINUTE);
    await release(world, "task");
    const releasedAt = world.clock.now();

    const at = await restedAt(world);

    expect(at).toBeGreaterThanOrEqual(releasedAt + world.policy.idleAfterMs - SECOND);
    expect(at).toBeLessThanOrEqual(releasedAt + world.policy.idleAfterMs + 10 * SECOND);
  });

  test("by several rests after the last of their ends", async () => {
    const world = await createWorld();
    const long = await hold(world, "long", 25 * MINUTE);
    await hold(world, "short", 5 * MINUTE);
    await release(world, "short");

    const during = (await world.store.read(scope)).snapshot;
    const at = await restedAt(world);

    expect(during).toMatchObject({ holds: 1, record: { heldUntil: long.endsAt } });
    expect(at).toBeGreaterThanOrEqual(long.endsAt + world.policy.idleAfterMs);
    expect(at).toBeLessThanOrEqual(long.endsAt + world.policy.idleAfterMs + 10 * SECOND);
  });

  test("is not paused when its last viewer leaves; with the release their grace begins", async () => {
    const world = await createWorld();
    await world.ready();
    await hold(world, "task", 60 * MINUTE);
    await world.leave();
    await world.advance(15 * MINUTE);
    const whileHeld = await stateOf(world);
    await release(world, "task");
    const releasedAt = world.clock.now();

    const at = await restedAt(world);

    expect(whileHeld).toBe("running");
    expect(at).toBeGreaterThanOrEqual(releasedAt + world.policy.graceAfterLeftMs - SECOND);
    expect(at).toBeLessThanOrEqual(releasedAt + world.policy.graceAfterLeftMs + 10 * SECOND);
    expect(await world.record()).toMatchObject({ reason: "left" });
  });

  test("that everybody left rests by the sweep at the latest, when the release was told to nobody", async () => {
    const world = await createWorld();
    await world.ready();
    await hold(world, "task", 60 * MINUTE);
    await world.leave();
    await world.advance(15 * MINUTE);
    const { send } = world.runtime.inngest;
    world.runtime.inngest.send = () => Promise.reject(new TypeError("fetch failed"));
    await release(world, "task");
    world.runtime.inngest.send = send;
    const { policy } = world;
    const latest = world.clock.now() + policy.graceAfterLeftMs + policy.healAfterMs + SWEEP + 10 * SECOND;

    expect(await restedAt(world)).toBeLessThanOrEqual(latest);
    expect(await world.record()).toMatchObject({ reason: "left" });
  });

  test("while its pause is being made is resumed as soon as the pause has landed", async () => {
    const world = await createWorld();
    await world.ready();
    world.faults.slow("sandboxes.pause", 4 * SECOND);
    await world.leave();
    await world.until(async () => (await world.record()).phase === "pause");

    const { sandboxId } = await hold(world, "task", 30 * MINUTE);
    await world.advance(10 * MINUTE);

    expect(await world.record()).toMatchObject({ state: "running", sandboxId, cameBack: "resumed" });
    expect(world.machines.startedJobs).toHaveLength(2);
  });

  // Found here: the release was told as a sign of life of now, which began the idle time anew.
  test("by a dead agent whose release arrives late rests no later for it", async () => {
    const world = await createWorld();
    const { endsAt } = await hold(world, "task", 5 * MINUTE);
    await world.advance(12 * MINUTE);

    await release(world, "task");
    const at = await restedAt(world);

    expect(at).toBeLessThanOrEqual(endsAt + world.policy.idleAfterMs + 10 * SECOND);
  });
});

describe("taking and giving back", () => {
  test("the same key asked again keeps its end", async () => {
    const world = await createWorld();
    const first = await hold(world, "task", 20 * MINUTE);
    await world.advance(5 * MINUTE);

    const again = await hold(world, "task", 20 * MINUTE);

    expect(again).toEqual(first);
  });

  test("a release that is repeated, or of a key that nobody holds, changes nothing", async () => {
    const world = await createWorld();
    await hold(world, "task", 20 * MINUTE);
    await hold(world, "other", 20 * MINUTE);
    await release(world, "task");
    await world.advance(MINUTE);
    const before = await world.record();
    const events = world.eventsNamed("user/active").length;

    await release(world, "task");
    await release(world, "never-held");
    await world.advance(MINUTE);

    expect(await world.record()).toEqual(before);
    expect(world.eventsNamed("user/active")).toHaveLength(events);
    expect((await world.store.read(scope)).snapshot.holds).toBe(1);
  });

  test("a release where there is no preview starts nothing", async () => {
    const world = await createWorld();

    await release(world, "task");

    expect(await stateOf(world)).toBe("absent");
    expect(await world.redis.command("DBSIZE")).toBe(0);
  });

  test("a hold opens a preview that rests, and is answered when it runs", async () => {
    const world = await createWorld();
    await world.ready();
    await world.leave();
    await world.until(async () => (await stateOf(world)) === "paused");

    const { sandboxId } = await world.finish(() =>
      world.rekindle.hold(scope, { key: "task", maxMs: MINUTE }),
    );

    expect(await world.record()).toMatchObject({ state: "running", sandboxId, cameBack: "resumed" });
  });

  test("a hold on a preview whose start failed needs a person, and leaves none behind", async () => {
    const world = await createWorld({ project: { installExitCode: 1 } });
    await world.open();
    await world.until(async () => (await stateOf(world)) === "failed");

    const refused = world.finish(() => world.rekindle.hold(scope, { key: "task", maxMs: MINUTE }));

    await expect(refused).rejects.toBeInstanceOf(NeedsPersonError);
    expect((await world.store.read(scope)).snapshot.holds).toBe(0);
    await world.advance(SWEEP);
    expect(await stateOf(world)).toBe("failed");
    expect(world.running()).toEqual([]);
  });

  // Found by the simulator (layer 1): what answered was no error of the catalogue.
  test("a hold on a preview that is forgotten at that moment says that it is not available", async () => {
    const world = await createWorld();
    await world.ready();
    world.faults.interpose(async (call) => {
      if (call !== "store.hold") return;
      world.faults.interpose(undefined);
      await forgetPreview(world.runtime, scope, { leaseId: parseLeaseId("forget-of-tests") });
    });

    const refused = world.finish(() => world.rekindle.hold(scope, { key: "task", maxMs: MINUTE }));

    await expect(refused).rejects.toBeInstanceOf(PreviewNotAvailableError);
  });

  test("an end that no hold may have is refused before anything is opened", async () => {
    const world = await createWorld();
    const { maxHoldMs } = world.policy;

    for (const maxMs of [0, -1, 0.5, maxHoldMs + 1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(world.rekindle.hold(scope, { key: "task", maxMs })).rejects.toBeInstanceOf(
        InvalidRequestError,
      );
    }

    expect(await stateOf(world)).toBe("absent");
    const { endsAt } = await world.finish(() =>
      world.rekindle.hold(scope, { key: "task", maxMs: maxHoldMs }),
    );
    expect(endsAt).toBeGreaterThan(world.clock.now());
  });
});

test("a hold spans the steps of an agent's own function, also when a step is repeated", async () => {
  let attempts = 0;
  const world = await createWorld({
    functions: ({ runtime, hold: take, release: giveBack }) => [
      runtime.inngest.createFunction(
        { id: "agent", triggers: [{ event: "test/agent.asked" }], retries: 3 },
        async ({ step, runId }) => {
          const held = await step.run("hold", async () => {
            const answer = await take(scope, { key: runId, maxMs: 40 * MINUTE });
            attempts += 1;
            // The answer of the first attempt is lost.
            if (attempts === 1) throw new Error("the connection broke");
            return answer;
          });
          await step.sleep("work", "20m");
          await step.run("release", () => giveBack(scope, runId));
          return held;
        },
      ),
    ],
  });

  world.emit("test/agent.asked");
  await world.until(() => attempts === 1);
  const first = (await world.record()).heldUntil;
  await world.advance(15 * MINUTE);
  const whileHeld = (await world.store.read(scope)).snapshot;
  await world.advance(7 * MINUTE);
  const at = await restedAt(world);

  expect(attempts).toBe(2);
  expect(whileHeld).toMatchObject({ holds: 1, record: { state: "running", heldUntil: first } });
  expect(world.runsOf("agent")[0]).toMatchObject({ output: { endsAt: first } });
  expect(at - Number(world.runsOf("agent")[0]?.endedAt)).toBeLessThanOrEqual(
    world.policy.idleAfterMs + 15 * SECOND,
  );
});
