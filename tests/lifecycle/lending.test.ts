/** A sandbox that is lent to an agent: what its signal says, what a renewal is to it, and how it is given back. */
import { describe, expect, test } from "vitest";
import { sleep } from "@/lib/clock";
import {
  HoldEndedError,
  ProviderUnreachableError,
  RunEndsSoonError,
  StoreUnreachableError,
} from "@/lib/errors";
import type { Lent } from "@/lib/hold";
import { afterWork, hold } from "@/tests/support/agents";
import { ageRunUntil } from "@/tests/support/old-run";
import { createWorld, MINUTE, SECOND, scope, type World } from "@/tests/support/world";

const stateOf = async (world: World) => (await world.record()).state;

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
