/** Bringing to rest alone: what keeps it from it, what it leaves, and who comes meanwhile. */
import { describe, expect, test } from "vitest";
import { parseViewerId } from "@/lib/ids";
import { type PauseRequest, pause } from "@/lib/preview/operations/pause";
import { packageJson, product } from "@/tests/support/product";
import { brought, rested } from "@/tests/support/rested";
import { createWorld, scope, type World } from "@/tests/support/world";
import { answeringWorld, asItCalls, elses, lease, openNow } from "./alone";

const pauseNow = (world: World, request: Partial<PauseRequest> = {}) =>
  world.finish(() => pause(world.runtime, scope, { leaseId: lease, reason: "left", ...request }));

/** Somebody opens it while it is under way: they find it busy, and what is wanted is written. */
const come = (world: World) =>
  world.store.claim(scope, { kind: "open", leaseId: elses, isByPerson: true, bootId: "theirs" });

test("it rests with its memory, sealed, its claim released, since the time of the decision", async () => {
  const world = await createWorld();
  const sandboxId = await brought(world, scope);
  const decidedAt = world.clock.now();

  expect(await pauseNow(world)).toMatchObject({ kind: "paused", snapshot: { record: { state: "paused" } } });

  const record = await world.record();
  expect(record).toMatchObject({ state: "paused", reason: "left", wanted: "resting", sandboxId });
  expect(record).toMatchObject({ pausedAt: decidedAt, sealHash: expect.stringMatching(/^\w+$/) });
  expect(record.leaseId).toBeUndefined();
  expect(world.sandboxes()).toMatchObject([{ state: "paused" }]);
});

test("it is called safe only where all that is in it is with the product", async () => {
  const site = product({ "package.json": packageJson });
  for (const isSaving of [true, false]) {
    const { revision, load } = site.port;
    const world = await createWorld({ files: isSaving ? site.port : { revision, load } });
    await world.ready();
    const { sandboxId } = Object(await world.record());
    world.machines.editFile(sandboxId, "app/page.txt", `newer, ${isSaving}`);

    await pauseNow(world, { isForced: true });

    const record = await world.record();
    expect(record.safeAt === undefined).toBe(!isSaving);
    if (isSaving) expect(record.safeAt).toBe(Object(record).pausedAt);
  }
});

describe("nothing is done", () => {
  test("while somebody is there, was there too lately, or has claimed since", async () => {
    const world = await createWorld();
    await brought(world, scope);
    await world.store.touch(scope, { kind: "activity", at: world.clock.now() });
    const { epoch } = await world.record();

    expect(await pauseNow(world, { idleForMs: 60_000 })).toMatchObject({
      kind: "active",
      snapshot: { record: { state: "running" } },
    });
    expect(await pauseNow(world, { ifEpoch: Number(epoch) - 1 })).toMatchObject({
      kind: "busy",
      snapshot: { record: { state: "running" } },
    });
    const viewerId = parseViewerId("v1");
    await world.store.touch(scope, { kind: "beat", viewerId });
    expect(await pauseNow(world, { mustBeEmpty: true })).toMatchObject({ kind: "active" });
    expect(world.faults.count("sandboxes.run")).toBe(0);
    expect(world.faults.count("sandboxes.pause")).toBe(0);
    expect(await pauseNow(world)).toMatchObject({ kind: "paused" });
  });

  test("where it does not run", async () => {
    const world = await createWorld();
    expect(await pauseNow(world)).toEqual({ kind: "not-running" });
    await rested(world, scope);

    expect(await pauseNow(world)).toEqual({ kind: "not-running" });
    expect(world.faults.count("sandboxes.pause")).toBe(0);
  });
});

test("one that the provider has no more expires, and nothing is said of a pause", async () => {
  const world = await createWorld();
  const sandboxId = await brought(world, scope);
  await world.cloud.killBehindTheBack(sandboxId);

  expect(await pauseNow(world)).toMatchObject({
    kind: "expired",
    snapshot: { record: { state: "expired" } },
  });

  const record = await world.record();
  expect(record).toMatchObject({ state: "expired", reason: "sandbox-gone", wanted: "resting" });
  expect(record).not.toHaveProperty("sandboxId");
  expect(record).not.toHaveProperty("pausedAt");
});

describe("who comes", () => {
  test("while its files are saved keeps it running, is not paused at all, and has its end moved", async () => {
    const world = await answeringWorld();
    await brought(world, scope);
    const { endsAt } = Object(await world.record());
    await world.advance(60_000);
    asItCalls(world, "sandboxes.run", () => come(world));

    const paused = await pauseNow(world);

    expect(paused).toMatchObject({ kind: "active", snapshot: { record: { state: "running" } } });
    const record = await world.record();
    expect(record).toMatchObject({ state: "running", reason: "returned", wanted: "running" });
    expect(record.leaseId).toBeUndefined();
    expect(Number(Object(record).endsAt)).toBeGreaterThan(endsAt);
    expect(world.faults.count("sandboxes.pause")).toBe(0);
    // It is looked at again in time: nothing but the record's own index would ever do so.
    expect(await world.redis.command("ZSCORE", "rekindle:test:due", "p1/u1")).not.toBeNull();
  });

  test("while the provider pauses it has it back at once", async () => {
    const world = await answeringWorld();
    const sandboxId = await brought(world, scope);
    let cameAt: number | undefined;
    asItCalls(world, "sandboxes.pause", async () => {
      await come(world);
      cameAt = (await world.record()).lastActiveAt;
    });

    const paused = await pauseNow(world);

    expect(paused).toMatchObject({ kind: "reopened", outcome: { kind: "ready", how: "resumed" } });
    // They came once: that they are given what they came for is no other sign of life.
    expect(cameAt).toBeDefined();
    expect((await world.record()).lastActiveAt).toBe(cameAt);
    expect(await world.record()).toMatchObject({ state: "running", sandboxId, reason: "returned" });
    expect(world.running()).toHaveLength(1);
  });

  test("to one that turns out to be gone has a start that goes on", async () => {
    const world = await answeringWorld();
    const sandboxId = await brought(world, scope);
    asItCalls(world, "sandboxes.pause", async () => {
      await come(world);
      await world.cloud.killBehindTheBack(sandboxId);
    });

    expect(await pauseNow(world)).toMatchObject({ kind: "reopened", outcome: { kind: "starting" } });
    expect(await world.record()).toMatchObject({ state: "starting", leaseId: lease });
  });
});

test("one that was paused while nobody wanted it is opened by the next who comes", async () => {
  const world = await answeringWorld();
  await brought(world, scope);
  await pauseNow(world);

  expect(await openNow(world, { leaseId: elses })).toMatchObject({ kind: "ready", how: "resumed" });
});
