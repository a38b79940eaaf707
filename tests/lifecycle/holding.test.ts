/** An agent's hold: what it keeps from resting, how it ends, and what it must never change. */
import { describe, expect, test } from "vitest";
import { sleep } from "@/lib/clock";
import {
  HoldEndedError,
  InvalidRequestError,
  NeedsPersonError,
  ProviderUnreachableError,
  RunEndsSoonError,
  StoreUnreachableError,
} from "@/lib/errors";
import type { Lent } from "@/lib/hold";
import { ageRunUntil } from "@/tests/support/old-run";
import { createWorld, MINUTE, SECOND, scope, type World } from "@/tests/support/world";

const SWEEP = 5 * MINUTE;

/** A hold taken, and what follows from it in the next moments. */
async function hold(world: World, key: string, maxMs: number) {
  const held = await world.finish(() => world.rekindle.hold(scope, { key, maxMs }));
  await world.advance(8 * SECOND);
  return held;
}

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

/** Begins the work of an agent, and lets so much time pass. */
async function afterWork<T>(world: World, passMs: number, work: () => Promise<T>): Promise<T> {
  const worked = world.begin(work);
  worked.catch(() => undefined);
  await world.advance(passMs);
  return worked;
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

  test("is not paused when its last viewer leaves; after the release the sweep pauses it, a grace later", async () => {
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
    expect(at).toBeLessThanOrEqual(
      releasedAt + world.policy.graceAfterLeftMs + world.policy.healAfterMs + SWEEP + 10 * SECOND,
    );
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

describe("a sandbox that is lent", () => {
  const task = { key: "task", maxMs: 60 * MINUTE };

  /** Works until its signal fires, and then stops with the signal's reason. */
  const untilSignalled = ({ signal }: Lent): Promise<never> =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });

  test("is the preview's own, and the hold is given back when the work is done", async () => {
    const world = await createWorld();

    const worked = await afterWork(world, 16 * MINUTE, () =>
      world.rekindle.withSandbox(scope, task, async ({ sandbox, round }) => {
        await sleep(world.runtime.clock, 15 * MINUTE);
        return { sandboxId: sandbox.sandboxId, round, holds: (await world.store.read(scope)).snapshot.holds };
      }),
    );

    expect(worked).toEqual({ sandboxId: world.sandboxes()[0]?.sandboxId, round: 0, holds: 1 });
    expect((await world.store.read(scope)).snapshot.holds).toBe(0);
    expect(await stateOf(world)).toBe("running");
  });

  test("is given back when the work fails, and what the work threw is thrown", async () => {
    const world = await createWorld();
    const fault = new Error("the agent's own");

    const worked = world.finish(() =>
      world.rekindle.withSandbox(scope, task, async () => {
        throw fault;
      }),
    );

    await expect(worked).rejects.toBe(fault);
    expect((await world.store.read(scope)).snapshot.holds).toBe(0);
  });

  // Found here: what the release came to was thrown in the place of the work's own outcome.
  test("that cannot be given back costs neither the result nor the fault of the work", async () => {
    const world = await createWorld();
    const unreachable = { kind: "error-before", error: new StoreUnreachableError("hold") } as const;

    world.faults.plan("store.release", unreachable);
    const result = await world.finish(() => world.rekindle.withSandbox(scope, task, async () => "done"));
    world.faults.plan("store.release", unreachable);
    const failing = world.finish(() =>
      world.rekindle.withSandbox(scope, task, () => Promise.reject(new Error("the agent's own"))),
    );

    expect(result).toBe("done");
    await expect(failing).rejects.toThrow("the agent's own");
  });

  test("near the run's end is asked back, renewed with its memory, and lent again", async () => {
    const world = await createWorld();
    await hold(world, "before", 1 * MINUTE);
    const { sandboxId, endsAt } = await ageRunUntil(world, 20 * MINUTE);
    const rounds: number[] = [];
    const stops: unknown[] = [];

    const worked = world.begin(() =>
      world.rekindle.withSandbox(scope, task, async (lent) => {
        rounds.push(lent.round);
        if (lent.round === 1) return lent.sandbox.sandboxId;
        return untilSignalled(lent).catch((error) => {
          stops.push(error, world.clock.now());
          throw error;
        });
      }),
    );
    await world.advance(14 * MINUTE);

    expect(await worked).toBe(sandboxId);
    expect(rounds).toEqual([0, 1]);
    expect(stops[0]).toBeInstanceOf(RunEndsSoonError);
    expect(Math.abs(Number(stops[1]) - (endsAt - world.policy.renewBeforeMs))).toBeLessThan(2 * SECOND);
    const [run] = world.running();
    expect(run?.startedAt).toBeGreaterThanOrEqual(Number(stops[1]));
    expect(world.machines.startedJobs).toHaveLength(2);
    expect(await world.record()).toMatchObject({ state: "running", sandboxId, reason: "renewed" });
  });

  test("to work that ends by an AbortError is lent again as well", async () => {
    const world = await createWorld();
    await hold(world, "before", 1 * MINUTE);
    await ageRunUntil(world, 10 * MINUTE);

    const worked = afterWork(world, 10 * MINUTE, () =>
      world.rekindle.withSandbox(scope, task, async (lent) => {
        if (lent.round === 1) return "done";
        return untilSignalled(lent).catch(() => {
          throw new DOMException("stopped", "AbortError");
        });
      }),
    );

    expect(await worked).toBe("done");
  });

  test("to work that ignores its signal is renewed at the latest moment, and the work is not called again", async () => {
    const world = await createWorld();
    await hold(world, "before", 1 * MINUTE);
    const { sandboxId, endsAt } = await ageRunUntil(world, 20 * MINUTE);
    let calls = 0;
    const paused: number[] = [];
    const pause = world.cloud.pause.bind(world.cloud);
    world.cloud.pause = (id) => {
      paused.push(world.clock.now());
      return pause(id);
    };

    const worked = afterWork(world, 41 * MINUTE, () =>
      world.rekindle.withSandbox(scope, task, async () => {
        calls += 1;
        await sleep(world.runtime.clock, 40 * MINUTE);
        return "done";
      }),
    );

    expect(await worked).toBe("done");
    expect(calls).toBe(1);
    expect(paused).toHaveLength(1);
    expect(Number(paused[0])).toBeGreaterThanOrEqual(endsAt - world.policy.renewAtLatestMs);
    expect(Number(paused[0])).toBeLessThan(endsAt);
    expect(world.machines.startedJobs).toHaveLength(2);
    expect(world.running()).toMatchObject([{ sandboxId }]);
  });

  // Found here: the new run had the usual 16 minutes, and nobody was there to ask for more.
  test("after a renewal is kept alive as long as the hold, with nobody watching", async () => {
    const world = await createWorld();
    await hold(world, "before", 1 * MINUTE);
    const { sandboxId } = await ageRunUntil(world, 10 * MINUTE);
    const ranBefore = world.machines.ranFor(sandboxId);

    await afterWork(world, 51 * MINUTE, () =>
      world.rekindle.withSandbox(scope, task, async () => sleep(world.runtime.clock, 50 * MINUTE)),
    );

    // One renewal of a few seconds, and no pause by the provider after it.
    expect(world.machines.ranFor(sandboxId) - ranBefore).toBeGreaterThan(51 * MINUTE - 10 * SECOND);
    expect([world.faults.count("sandboxes.pause"), world.faults.count("sandboxes.connect")]).toEqual([1, 1]);
  });

  // Found here: the first agent at rest had the run renewed under the other.
  test("to two agents is renewed when both have come to rest, and not under the one who still works", async () => {
    const world = await createWorld();
    await hold(world, "before", 1 * MINUTE);
    await ageRunUntil(world, 10 * MINUTE);
    const stopped: number[] = [];
    const stopAfter = (ms: number) => (lent: Lent) =>
      lent.round > 0
        ? Promise.resolve(lent.round)
        : untilSignalled(lent).catch(async (error) => {
            await sleep(world.runtime.clock, ms);
            stopped.push(world.clock.now());
            throw error;
          });

    const quick = world.begin(() =>
      world.rekindle.withSandbox(scope, { ...task, key: "quick" }, stopAfter(SECOND)),
    );
    const slow = world.begin(() =>
      world.rekindle.withSandbox(scope, { ...task, key: "slow" }, stopAfter(MINUTE)),
    );
    await world.advance(6 * MINUTE);

    expect(await Promise.all([quick, slow])).toEqual([1, 1]);
    const renewedAt = Number((await world.record()).renewedAt);
    expect(renewedAt).toBeGreaterThan(Number(stopped[1]));
    expect(renewedAt).toBeLessThan(Number(stopped[1]) + 15 * SECOND);
    expect(world.faults.count("sandboxes.pause")).toBe(1);
  });

  // Found here: nobody went on under the claim, so the agent waited until it had lapsed and the sweep came.
  test("whose renewal could not connect at once is lent again as soon as open-preview has connected", async () => {
    const world = await createWorld();
    await hold(world, "before", 1 * MINUTE);
    await ageRunUntil(world, 10 * MINUTE);
    world.faults.plan("sandboxes.connect", {
      kind: "error-before",
      error: new ProviderUnreachableError("connect"),
    });

    const worked = world.begin(() =>
      world.rekindle.withSandbox(scope, task, async (lent) =>
        lent.round === 0 ? untilSignalled(lent) : "done",
      ),
    );
    await world.advance(3 * MINUTE + 15 * SECOND);

    expect((await world.store.read(scope)).snapshot).toMatchObject({
      holds: 0,
      record: { state: "running" },
    });
    expect(await worked).toBe("done");
    expect(world.machines.startedJobs).toHaveLength(2);
  });

  test("is told of the hold's end, and what it throws then is thrown", async () => {
    const world = await createWorld();

    const worked = afterWork(world, 4 * MINUTE, () =>
      world.rekindle.withSandbox(scope, { key: "task", maxMs: 3 * MINUTE }, untilSignalled),
    );

    await expect(worked).rejects.toBeInstanceOf(HoldEndedError);
    expect(await world.record()).toMatchObject({ state: "running" });
    expect((await world.store.read(scope)).snapshot.holds).toBe(0);
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
