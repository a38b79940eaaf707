/** Renewing a run alone: when it is not done, what it keeps, and how an interrupted one is gone on with. */
import { describe, expect, test } from "vitest";
import { LeaseLostError, ProviderUnreachableError } from "@/lib/errors";
import { type RenewRequest, renew } from "@/lib/preview/operations/renew";
import { brought, granted } from "@/tests/support/rested";
import { MINUTE, SECOND, scope, type World } from "@/tests/support/world";
import { answeringWorld, asItCalls, elses, lease, overtake } from "./alone";

const renewNow = (world: World, request: Partial<RenewRequest> = {}) =>
  world.finish(() => renew(world.runtime, scope, { leaseId: lease, ...request }));

/** One whose run began so long ago, by the record, and that was used so long ago. */
async function running({ ranForMs, quietForMs }: { ranForMs: number; quietForMs: number }) {
  const world = await answeringWorld();
  const now = world.clock.now();
  const sandboxId = await brought(world, scope, {
    runStartedAt: now - ranForMs,
    endsAt: now - ranForMs + world.policy.maxRunMs,
    lastActiveAt: now - quietForMs,
  });
  return { world, sandboxId, now };
}

const nearItsEnd = { ranForMs: 55 * MINUTE, quietForMs: MINUTE };

const troubled = (world: World, call: string) =>
  world.faults.plan(call, { kind: "error-before", error: new ProviderUnreachableError(call) });

test("it is paused and back under one claim, its memory kept, and its run begins anew for nobody's sake", async () => {
  const { world, sandboxId, now } = await running(nearItsEnd);
  let halfWay: unknown;
  asItCalls(world, "sandboxes.connect", async () => {
    halfWay = await world.record();
  });

  expect(await renewNow(world)).toMatchObject({
    kind: "renewed",
    outcome: { kind: "ready", how: "resumed" },
  });

  // Whoever looks after a death here goes on with it.
  expect(halfWay).toMatchObject({ state: "resuming", wanted: "running", sealHash: expect.any(String) });
  const record = await world.record();
  expect(record).toMatchObject({ state: "running", reason: "renewed", sandboxId });
  expect(record).toMatchObject({ lastActiveAt: now - MINUTE });
  expect(Object(record).runStartedAt).toBeGreaterThan(now);
  expect(record.renewedAt).toBeGreaterThan(now);
  expect(record.leaseId).toBeUndefined();
  expect(record).not.toHaveProperty("sealHash");
});

describe("it is not done", () => {
  test("when its end is far, or nothing runs", async () => {
    const { world } = await running({ ...nearItsEnd, ranForMs: 30 * MINUTE });
    expect(await renewNow(world)).toMatchObject({
      kind: "not-due",
      snapshot: { record: { state: "running" } },
    });
    await world.store.commit(granted(await world.store.claim(scope, { kind: "settle", leaseId: elses })), {
      operation: "gone",
      claim: "release",
      become: "expired",
      reason: "sandbox-gone",
      check: "never",
    });

    expect(await renewNow(world)).toMatchObject({
      kind: "not-due",
      snapshot: { record: { state: "expired" } },
    });
    expect(world.faults.count("sandboxes.pause")).toBe(0);
  });

  test("while somebody is in the middle of something and there is time to wait", async () => {
    const { world } = await running({ ...nearItsEnd, quietForMs: 20 * SECOND });

    expect(await renewNow(world)).toMatchObject({
      kind: "not-quiet",
      snapshot: { record: { state: "running" } },
    });
    expect(world.faults.count("sandboxes.pause")).toBe(0);
    expect((await world.record()).leaseId).toBeUndefined();
    // An agent that asks for it is at rest itself, and waits for nobody who merely looks.
    expect(await renewNow(world, { isAtRest: true })).toMatchObject({ kind: "renewed" });
  });

  test("when it ended between the look and the claim", async () => {
    const { world } = await running(nearItsEnd);
    asItCalls(world, "store.claim", async () => {
      const settling = granted(await world.store.claim(scope, { kind: "settle", leaseId: elses }));
      await world.store.commit(settling, {
        ...{ operation: "gone", claim: "release", become: "expired", reason: "sandbox-gone", check: "never" },
      });
    });

    expect(await renewNow(world)).toMatchObject({ kind: "not-due" });
    expect(await world.record()).toMatchObject({ state: "expired" });
  });

  test("by who decided on another's epoch, or while somebody else is at work", async () => {
    const { world } = await running(nearItsEnd);
    const { epoch } = await world.record();

    expect(await renewNow(world, { ifEpoch: epoch - 1 })).toMatchObject({ kind: "busy" });
    granted(await world.store.claim(scope, { kind: "settle", leaseId: elses }));
    expect(await renewNow(world)).toMatchObject({ kind: "busy", snapshot: { record: { leaseId: elses } } });
    expect(world.faults.count("sandboxes.pause")).toBe(0);
  });
});

test("at the last moment it is done in the middle of anything", async () => {
  const { world } = await running({ ranForMs: 59 * MINUTE, quietForMs: SECOND });

  expect(await renewNow(world)).toMatchObject({ kind: "renewed", outcome: { kind: "ready" } });
});

test("one that the provider has no more is begun anew, and said to be gone", async () => {
  const { world, sandboxId } = await running(nearItsEnd);
  await world.cloud.killBehindTheBack(sandboxId);

  expect(await renewNow(world)).toMatchObject({ kind: "renewed", outcome: { kind: "starting" } });
  expect(world.faults.count("sandboxes.connect")).toBe(0);
  const record = await world.record();
  expect(record).toMatchObject({ state: "starting", reason: "sandbox-gone", leaseId: lease });
  expect(record).not.toHaveProperty("sandboxId");
});

test("files that could not be looked at keep nothing from being renewed, and leave no seal", async () => {
  const { world, sandboxId } = await running(nearItsEnd);
  for (let time = 0; time < 20; time += 1) troubled(world, "sandboxes.run");
  let halfWay: unknown;
  asItCalls(world, "sandboxes.connect", async () => {
    halfWay = await world.record();
  });

  expect(await renewNow(world)).toMatchObject({ kind: "renewed", outcome: { kind: "ready" } });
  expect(halfWay).toMatchObject({ state: "resuming", sandboxId });
  expect(halfWay).not.toHaveProperty("sealHash");
});

describe("one that broke off is gone on with by its own repetition", () => {
  test("after its pause failed", async () => {
    const { world, sandboxId } = await running(nearItsEnd);
    troubled(world, "sandboxes.pause");
    await expect(renewNow(world)).rejects.toBeInstanceOf(ProviderUnreachableError);
    expect(await world.record()).toMatchObject({ state: "pausing", wanted: "running", leaseId: lease });
    expect(await world.record()).not.toHaveProperty("sealHash");

    expect(await renewNow(world)).toMatchObject({ kind: "renewed", outcome: { kind: "ready" } });
    expect(await world.record()).toMatchObject({ state: "running", reason: "renewed", sandboxId });
  });

  test("after the way back was handed on", async () => {
    const { world, sandboxId } = await running(nearItsEnd);
    troubled(world, "sandboxes.connect");
    expect(await renewNow(world)).toMatchObject({ kind: "renewed", outcome: { kind: "starting" } });
    expect(await world.record()).toMatchObject({ state: "resuming", leaseId: lease });

    expect(await renewNow(world)).toMatchObject({ kind: "renewed", outcome: { kind: "ready" } });
    expect(await world.record()).toMatchObject({ state: "running", reason: "renewed", sandboxId });
    expect(world.faults.count("sandboxes.pause")).toBe(1);
  });

  test("and never somebody else's", async () => {
    const { world } = await running(nearItsEnd);
    asItCalls(world, "sandboxes.connect", () => overtake(world));
    await expect(renewNow(world)).rejects.toBeInstanceOf(LeaseLostError);

    expect(await renewNow(world)).toMatchObject({ kind: "not-due" });
    expect(await world.record()).toMatchObject({ state: "resuming", leaseId: elses });
  });
});
