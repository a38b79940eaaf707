/** How a start or a way back that failed ends: what is kept, what is tried again, and who is kept from the same. */
import { describe, expect, test } from "vitest";
import { LeaseLostError, ProviderUnreachableError } from "@/lib/errors";
import { parseScope } from "@/lib/ids";
import { commit, fail, giveUpTidying } from "@/lib/preview/operations/settle";
import type { Reason } from "@/lib/preview/reasons";
import type { Lease } from "@/lib/store/store";
import { rested } from "@/tests/support/rested";
import { createWorld, MINUTE, scope, type World } from "@/tests/support/world";
import { claim, elses, lapse, lease as leaseId, lookedAtIn, openNow, overtake } from "./alone";

const failNow = (world: World, of: Lease, reason: Reason, requestId?: string) =>
  world.finish(() => fail(world.runtime, of, reason, requestId));

describe("a way back that failed", () => {
  test("by the services leaves it paused, its memory there, and a next one that trusts no old seal", async () => {
    const world = await createWorld();
    const sandboxId = await rested(world, scope, { sealHash: "seal", safeAt: 1 });
    const lease = await claim(world, "open", "requested");
    await world.cloud.connect(sandboxId, 600);
    const now = world.clock.now();

    await failNow(world, lease, "provider-unreachable", "asked");

    const record = await world.record();
    expect(record).toMatchObject({ state: "paused", reason: "provider-unreachable", sandboxId });
    expect(record).toMatchObject({ wanted: "resting", pausedAt: now });
    for (const gone of ["sealHash", "safeAt", "leaseId"]) expect(record).not.toHaveProperty(gone);
    expect(world.running()).toEqual([]);
    expect(await openNow(world, { requestId: "asked" })).toMatchObject({ kind: "completed" });
  });

  test("of one that came back damaged keeps the seal, or the next would take it for intact", async () => {
    const world = await createWorld();
    await rested(world, scope, { sealHash: "seal", safeAt: 1, damagedAt: 2 });

    await failNow(world, await claim(world, "open"), "provider-unreachable");

    expect(await world.record()).toMatchObject({ state: "paused", sealHash: "seal", damagedAt: 2 });
    expect(await world.record()).not.toHaveProperty("safeAt");
  });

  test.each(["server-exited", "port-never-opened"] as const)(
    "by the project's own server is a failed start, its log kept at rest: %s",
    async (reason) => {
      const world = await createWorld();
      const sandboxId = await rested(world, scope);
      const lease = await claim(world, "open", "renewal");
      await world.cloud.connect(sandboxId, 600);

      await failNow(world, lease, reason);

      expect(await world.record()).toMatchObject({ state: "failed", reason, sandboxId, wanted: "resting" });
      expect(world.sandboxes()).toMatchObject([{ state: "paused" }]);
    },
  );

  test.each([
    ["renewal", MINUTE, "running"],
    ["interrupted", MINUTE, "running"],
    ["requested", MINUTE, "resting"],
    ["renewal", 11 * MINUTE, "resting"],
  ] as const)("that began for %s, last used %i ms ago, is wanted %s", async (reason, agoMs, wanted) => {
    const world = await createWorld();
    const usedAt = world.clock.now() - agoMs;
    await rested(world, scope, { lastActiveAt: usedAt, readyAt: usedAt });

    await failNow(world, await claim(world, "open", reason), "provider-unreachable");

    expect(await world.record()).toMatchObject({ state: "paused", wanted });
  });

  test("to one that the provider lost meanwhile ends as expired", async () => {
    const world = await createWorld();
    const sandboxId = await rested(world, scope);
    const lease = await claim(world, "open");
    await world.cloud.killBehindTheBack(sandboxId);

    await failNow(world, lease, "provider-unreachable");

    expect(await world.record()).toMatchObject({ state: "expired", reason: "sandbox-gone" });
  });
});

describe("a start that failed", () => {
  async function starting(world: World) {
    const lease = await claim(world, "open");
    const { startedAt, endAt, sandboxId } = await world.cloud.create({
      ...{ templateId: "base", timeoutSeconds: 600, onTimeout: "pause" },
    });
    const set = { sandboxId, runStartedAt: startedAt, endsAt: endAt };
    await commit(world.runtime, lease, { operation: "named", claim: "hold", set, check: { inMs: MINUTE } });
    return { lease, sandboxId };
  }

  test("is failed with its reason, its sandbox at rest and still named", async () => {
    const world = await createWorld();
    const { lease, sandboxId } = await starting(world);

    await failNow(world, lease, "install-failed");

    expect(await world.record()).toMatchObject({ state: "failed", reason: "install-failed", sandboxId });
    expect(await world.record()).not.toHaveProperty("pausedAt");
    expect(world.sandboxes()).toMatchObject([{ state: "paused" }]);
  });

  test("and whose sandbox is gone names it no more", async () => {
    const world = await createWorld();
    const { lease, sandboxId } = await starting(world);
    await world.cloud.kill(sandboxId);

    await failNow(world, lease, "install-failed");

    const record = await world.record();
    expect(record).toMatchObject({ state: "failed", reason: "install-failed" });
    for (const gone of ["sandboxId", "runStartedAt", "endsAt", "leaseId"])
      expect(record).not.toHaveProperty(gone);
  });

  test("while everything is held runs on, and is looked at again soon", async () => {
    const world = await createWorld();
    const { lease } = await starting(world);
    await world.runtime.fleet.turn("hold-everything", { on: true, by: "ann", why: "to look" });

    await fail(world.runtime, lease, "install-failed");

    expect(await world.record()).toMatchObject({ state: "failed", reason: "install-failed" });
    expect((await world.record()).leaseId).toBeUndefined();
    expect(world.running()).toHaveLength(1);
    // What runs on has its place, or another would be let in beside it.
    expect((await world.runtime.fleet.state()).taken).toBe(1);
    expect(await lookedAtIn(world)).toBe(world.policy.healAfterMs);
  });

  test("and whose provider does not answer is given up as it is, for the sweep to bring to rest", async () => {
    const world = await createWorld();
    const { lease } = await starting(world);
    await giveUpTidying(world.runtime, lease);
    expect(await world.record()).toMatchObject({ state: "starting", leaseId });
    const error = new ProviderUnreachableError("pause");
    world.faults.plan("sandboxes.pause", { kind: "error-before", error });
    await expect(failNow(world, lease, "install-failed")).rejects.toBe(error);
    expect(await world.record()).toMatchObject({ state: "failed", leaseId, phase: "tidy" });

    await giveUpTidying(world.runtime, lease);

    expect(await world.record()).toMatchObject({ state: "failed", reason: "install-failed" });
    expect((await world.record()).leaseId).toBeUndefined();
    expect(world.running()).toHaveLength(1);
    expect(await lookedAtIn(world)).toBe(world.policy.healAfterMs);
  });

  test("of one that had memory is given up as paused, for the sweep to bring to rest", async () => {
    const world = await createWorld();
    const sandboxId = await rested(world, scope);
    const lease = await claim(world, "open");
    await world.cloud.connect(sandboxId, 600);
    const error = new ProviderUnreachableError("pause");
    world.faults.plan("sandboxes.pause", { kind: "error-before", error });
    await expect(failNow(world, lease, "provider-unreachable")).rejects.toBe(error);

    await giveUpTidying(world.runtime, lease);

    expect(await world.record()).toMatchObject({ state: "paused", reason: "provider-unreachable" });
    expect((await world.record()).leaseId).toBeUndefined();
    expect(world.running()).toHaveLength(1);
  });

  test("cannot be given up by who was overtaken", async () => {
    const world = await createWorld();
    const { lease } = await starting(world);
    await lapse(world);
    await overtake(world);

    await expect(giveUpTidying(world.runtime, lease)).rejects.toBeInstanceOf(LeaseLostError);
  });
});

test.each([
  ["no-recipe", true],
  ["install-failed", true],
  ["server-exited", true],
  ["port-never-opened", true],
  ["provider-refused", true],
  ["provider-unreachable", false],
  ["install-timed-out", false],
] as const)("what fails with %s keeps others of its project from the same: %s", async (reason, isKept) => {
  const world = await createWorld({ policy: { breakerFailures: 1 } });
  await failNow(world, await claim(world, "open"), reason);

  const other = await world.store.claim(parseScope(scope.projectId, "u2"), {
    ...{ kind: "open", leaseId: elses, isByPerson: false, bootId: "other" },
  });

  expect(other.kind === "granted").toBe(!isKept);
});
