/** Opening alone: what is answered at once, what is handed on, and under whose claim. */
import { describe, expect, test } from "vitest";
import {
  LeaseLostError,
  ProviderBusyError,
  ProviderCapacityError,
  ProviderUnreachableError,
} from "@/lib/errors";
import { parseScope } from "@/lib/ids";
import { brought, rested } from "@/tests/support/rested";
import { createWorld, SECOND, scope } from "@/tests/support/world";
import { answeringWorld, asItCalls, elses, lease, openNow, overtake } from "./alone";

describe("what rests", () => {
  test("is back in one call, its claim released, and the request is answered for good", async () => {
    const world = await answeringWorld();
    const sandboxId = await rested(world, scope);

    const opened = await openNow(world, { requestId: "asked" });

    expect(opened).toMatchObject({ kind: "ready", how: "resumed" });
    const record = await world.record();
    expect(record).toMatchObject({ state: "running", sandboxId, cameBack: "resumed", readyBy: lease });
    expect(record.leaseId).toBeUndefined();
    expect(world.running()).toHaveLength(1);
    // The same again after a lost answer, a repeated event, and anybody else.
    expect(await openNow(world, { requestId: "asked", leaseId: elses })).toMatchObject({ kind: "completed" });
    expect(await openNow(world, { requestId: "asked" })).toMatchObject({ kind: "ready", how: "resumed" });
    expect(await openNow(world, { leaseId: elses })).toMatchObject({ kind: "ready", how: "warm" });
    expect(await openNow(world)).toMatchObject({ kind: "ready", how: "resumed" });
    expect(world.faults.count("sandboxes.connect")).toBe(1);
  });

  test("without a request that has an id is opened by everybody who asks", async () => {
    const world = await answeringWorld();
    await rested(world, scope);

    await openNow(world);

    expect(await openNow(world, { leaseId: elses })).toMatchObject({ kind: "ready", how: "warm" });
  });

  test("is asked again while its address cannot be reached, and is ready with the first answer", async () => {
    const world = await createWorld();
    await rested(world, scope);
    const asked: number[] = [];
    world.probes.answer = async () => {
      asked.push(world.clock.now());
      return asked.length < 3 ? { kind: "unreachable" } : { kind: "answers", status: 200 };
    };

    expect(await openNow(world)).toMatchObject({ kind: "ready", how: "resumed" });
    expect(asked.map((at) => at - Number(asked[0]))).toEqual([
      0,
      world.policy.pollEveryMs,
      2 * world.policy.pollEveryMs,
    ]);
  });

  test("is handed on under the same claim when the time of a request is over", async () => {
    const world = await createWorld();
    await rested(world, scope);
    world.probes.answer = async () => ({ kind: "unreachable" });
    const beganAt = world.clock.now();

    const opened = await openNow(world);

    expect(opened).toMatchObject({ kind: "starting", lease: { leaseId: lease } });
    expect(await world.record()).toMatchObject({ state: "resuming", leaseId: lease });
    const tookMs = world.clock.now() - beganAt;
    expect(tookMs).toBeGreaterThanOrEqual(world.policy.resumeInlineMs);
    expect(tookMs).toBeLessThan(world.policy.resumeInlineMs + world.policy.pollEveryMs + SECOND);
  });

  test("is handed on at once when its server does not listen", async () => {
    const world = await createWorld();
    await rested(world, scope);
    let asked = 0;
    world.probes.answer = async () => {
      asked += 1;
      return { kind: "port-closed" };
    };

    expect(await openNow(world)).toMatchObject({ kind: "starting", lease: { leaseId: lease } });
    expect(asked).toBe(1);
    expect((await world.record()).damagedAt).toBeUndefined();
  });

  test("that came back without what was written into it is marked as damaged, asked nothing and handed on", async () => {
    const world = await answeringWorld();
    const sandboxId = await rested(world, scope, { generation: "written-once" });
    const now = world.clock.now();

    expect(await openNow(world)).toMatchObject({ kind: "starting", lease: { leaseId: lease } });

    const record = await world.record();
    expect(record).toMatchObject({ state: "resuming", sandboxId, leaseId: lease });
    expect(Number(record.damagedAt)).toBeGreaterThanOrEqual(now);
  });

  test("whose sandbox is gone begins anew under the same claim", async () => {
    const world = await answeringWorld();
    const sandboxId = await rested(world, scope);
    await world.cloud.killBehindTheBack(sandboxId);

    const opened = await openNow(world);

    expect(opened).toMatchObject({ kind: "starting", snapshot: { record: { state: "starting" } } });
    const record = await world.record();
    expect(record).toMatchObject({ state: "starting", reason: "sandbox-gone", leaseId: lease });
    expect(record).not.toHaveProperty("sandboxId");
    expect(record.bootId).not.toBe("b");
    expect(world.sandboxes()).toEqual([]);
  });

  test("goes back to rest and stands in line when the provider has no room", async () => {
    const world = await answeringWorld();
    const sandboxId = await rested(world, scope);
    const { pausedAt } = Object(await world.record());
    world.faults.plan("sandboxes.connect", {
      kind: "error-before",
      error: new ProviderCapacityError(20),
    });

    const opened = await openNow(world);

    expect(opened).toMatchObject({ kind: "waiting", isUnattended: true });
    const record = await world.record();
    expect(record).toMatchObject({ state: "paused", reason: "no-place", sandboxId, pausedAt });
    expect(record.waitingSince).toBeDefined();
    expect(record.leaseId).toBeUndefined();
  });

  test.each([new ProviderUnreachableError("connect"), new ProviderBusyError("connect")])(
    "is handed on when the provider is in trouble: %s",
    async (error) => {
      const world = await answeringWorld();
      const sandboxId = await rested(world, scope);
      world.faults.plan("sandboxes.connect", { kind: "error-before", error });

      expect(await openNow(world)).toMatchObject({ kind: "starting", lease: { leaseId: lease } });
      expect(await world.record()).toMatchObject({ state: "resuming", sandboxId, leaseId: lease });
    },
  );

  test("is not hidden behind a start when our own code fails", async () => {
    const world = await answeringWorld();
    await rested(world, scope);
    world.faults.plan("sandboxes.connect", { kind: "error-before", error: new TypeError("a fault of ours") });

    await expect(openNow(world)).rejects.toThrow("a fault of ours");
  });

  test("is told to be lost by whoever was overtaken, whether it woke or the provider was in trouble", async () => {
    for (const isInTrouble of [false, true]) {
      const world = await answeringWorld();
      await rested(world, scope);
      if (isInTrouble) {
        const error = new ProviderUnreachableError("connect");
        world.faults.plan("sandboxes.connect", { kind: "error-before", error });
      }
      asItCalls(world, "sandboxes.connect", () => overtake(world));

      await expect(openNow(world)).rejects.toBeInstanceOf(LeaseLostError);
    }
  });
});

describe("what has no sandbox", () => {
  test("is handed on without a call to the provider", async () => {
    const world = await answeringWorld();

    const opened = await openNow(world, { reason: "requested" });

    expect(opened).toMatchObject({ kind: "starting", lease: { leaseId: lease } });
    const record = await world.record();
    expect(record).toMatchObject({ state: "starting", reason: "requested", leaseId: lease });
    expect(record.bootId).toMatch(/^[0-9a-f]{12}$/);
    expect(world.faults.count("sandboxes.connect")).toBe(0);
  });

  test("and waits for a place, may not have one, or lost its turn meanwhile", async () => {
    const world = await answeringWorld({ policy: { planConcurrency: 1 } });
    expect(await openNow(world, { isAdmitted: true })).toMatchObject({ kind: "not-waiting" });
    await brought(world, parseScope("p2", "u2"));

    expect(await openNow(world)).toMatchObject({ kind: "waiting", isUnattended: true });
    await world.runtime.fleet.suspend(scope.userId, "ann", "not paid");
    expect(await openNow(world, { leaseId: elses })).toMatchObject({ kind: "refused", reason: "suspended" });
  });
});

test("what somebody else is at work on is theirs, and what failed waits for a person", async () => {
  const world = await answeringWorld();
  await openNow(world, { leaseId: elses });

  expect(await openNow(world)).toMatchObject({ kind: "busy", snapshot: { record: { leaseId: elses } } });
  const { record } = (await world.store.read(scope)).snapshot;
  await world.store.commit(
    { scope, leaseId: elses, epoch: record.epoch },
    {
      operation: "failed",
      claim: "release",
      become: "failed",
      reason: "install-failed",
      wanted: "resting",
      check: "never",
    },
  );
  expect(await openNow(world, { isByPerson: false })).toMatchObject({ kind: "needs-person" });
  expect(await openNow(world)).toMatchObject({ kind: "starting" });
});

test("what is doubted is asked the provider, however warm the record calls it", async () => {
  const world = await answeringWorld();
  const sandboxId = await brought(world, scope);
  await world.cloud.pause(sandboxId);

  expect(await openNow(world)).toMatchObject({ kind: "ready", how: "warm" });
  expect(await openNow(world, { isDoubted: true, leaseId: elses })).toMatchObject({
    kind: "ready",
    how: "resumed",
  });
  expect(world.running()).toHaveLength(1);
});
