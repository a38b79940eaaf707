/** How claims end: what the record says then, what of the last rest is forgotten, and what still runs. */
import { describe, expect, test } from "vitest";
import { LeaseLostError, ProviderBusyError, ProviderUnreachableError } from "@/lib/errors";
import { parseScope, sandboxIdSchema } from "@/lib/ids";
import {
  commit,
  commitExpired,
  commitPaused,
  commitRunning,
  fail,
  giveUpTidying,
  loseSandbox,
} from "@/lib/preview/operations/settle";
import type { Reason } from "@/lib/preview/reasons";
import type { Lease } from "@/lib/store/store";
import { brought, granted, rested } from "@/tests/support/rested";
import { createWorld, MINUTE, SECOND, scope, type World } from "@/tests/support/world";
import { elses, lapse, lease as leaseId, openNow, overtake } from "./alone";

/** All that is true of one rest, or of one sandbox's disk. */
const ofTheRest = {
  ...{ restartId: "again", runCapAt: 9, sealHash: "seal", safeAt: 8, keptUntil: 7, damagedAt: 6 },
  ...{ generation: "g", filesFor: "b" },
};

const claim = async (world: World, kind: "open" | "settle" | "pause", reason?: Reason): Promise<Lease> =>
  granted(
    await world.store.claim(scope, {
      ...(kind === "open" ? { kind, isByPerson: false, isDoubted: true, bootId: "boot" } : { kind }),
      leaseId,
      ...(reason === undefined ? {} : { reason }),
    }),
  );

const failNow = (world: World, of: Lease, reason: Reason, requestId?: string) =>
  world.finish(() => fail(world.runtime, of, reason, requestId));

const dueIn = async (world: World): Promise<number | undefined> => {
  const score = await world.redis.command("ZSCORE", "rekindle:test:due", "p1/u1");
  return score === null ? undefined : Number(score) - world.clock.now();
};

describe("a commit", () => {
  test("of who was overtaken writes nothing, and says so", async () => {
    const world = await createWorld();
    await brought(world, scope);
    const lease = await claim(world, "settle");
    await overtake(world);

    const committed = world.finish(() => commitExpired(world.runtime, lease, "idle"));

    await expect(committed).rejects.toBeInstanceOf(LeaseLostError);
    expect(await world.record()).toMatchObject({ state: "resuming", leaseId: elses });
  });

  test("that names a sandbox which is being destroyed writes nothing, and is to be tried again", async () => {
    const world = await createWorld();
    await brought(world, scope);
    const lease = await claim(world, "settle");
    const sandboxId = sandboxIdSchema.parse("ibeingdestroyed");
    expect(await world.store.condemn(scope, sandboxId)).toBe(true);
    const change = { operation: "x", claim: "release", set: { sandboxId }, check: "never" } as const;

    await expect(world.finish(() => commit(world.runtime, lease, change))).rejects.toBeInstanceOf(
      ProviderBusyError,
    );
    expect((await world.record()).leaseId).toBe(leaseId);
  });
});

describe("what runs", () => {
  test("knows nothing of its last rest any more, and how long somebody waited for it", async () => {
    const world = await createWorld();
    const sandboxId = await rested(world, scope, ofTheRest);
    const lease = await claim(world, "open", "requested");
    await world.advance(4 * SECOND);
    const now = world.clock.now();
    const sandbox = { sandboxId, startedAt: now - 5, endsAt: now + MINUTE };

    await commitRunning(world.runtime, lease, {
      ...{ sandbox, port: 5173, cameBack: "restarted", revision: "r9", requestId: "asked" },
    });

    const record = await world.record();
    expect(record).toMatchObject({
      ...{ state: "running", reason: "requested", sandboxId, runStartedAt: now - 5, endsAt: now + MINUTE },
      ...{ port: 5173, cameBack: "restarted", revision: "r9", readyBy: leaseId },
      ...{ readyAt: now, emittedAt: now, tookMs: 4 * SECOND, generation: "g", filesFor: "b" },
    });
    for (const gone of ["pausedAt", "restartId", "runCapAt", "sealHash", "safeAt", "keptUntil", "damagedAt"])
      expect(record).not.toHaveProperty(gone);
    expect(record).not.toHaveProperty("renewedAt");
    expect(record.leaseId).toBeUndefined();
    expect(await openNow(world, { requestId: "asked", leaseId: elses })).toMatchObject({ kind: "completed" });
  });

  test.each([
    ["resumed", "renewed"],
    ["restarted", "renewed-restarted"],
  ] as const)(
    "after a renewal that %s it is told as %s, and only the second as a wait",
    async (cameBack, reason) => {
      const world = await createWorld();
      const sandboxId = await rested(world, scope, { readyAt: 3, tookMs: 2 });
      const lease = await claim(world, "open", "renewal");
      await world.advance(SECOND);
      const now = world.clock.now();
      const sandbox = { sandboxId, startedAt: now, endsAt: now + MINUTE };

      await commitRunning(world.runtime, lease, { sandbox, port: 3000, cameBack });

      const record = await world.record();
      expect(record.reason).toBe(reason);
      expect(record).toMatchObject(
        cameBack === "resumed"
          ? { renewedAt: now, renewTookMs: SECOND, readyAt: 3, tookMs: 2 }
          : { readyAt: now, tookMs: SECOND },
      );
      expect(record.renewedAt === undefined).toBe(cameBack === "restarted");
      expect(record.revision).toBeUndefined();
    },
  );
});

test("what lost its sandbox begins a boot of its own, and knows nothing of the lost one", async () => {
  const world = await createWorld();
  const sandboxId = await rested(world, scope, ofTheRest);
  const lease = await claim(world, "open");

  await loseSandbox(world.runtime, lease, sandboxId);

  const record = await world.record();
  expect(record).toMatchObject({ state: "starting", reason: "sandbox-gone", leaseId });
  expect(record.bootId).toMatch(/^[0-9a-f]{12}$/);
  for (const gone of [
    ...["sandboxId", "runStartedAt", "endsAt", "pausedAt"],
    ...["generation", "sealHash", "safeAt", "damagedAt"],
  ])
    expect(record).not.toHaveProperty(gone);
});

test("what is expired knows nothing of a sandbox, and is not looked at again", async () => {
  const world = await createWorld();
  await rested(world, scope, ofTheRest);
  const lease = await claim(world, "settle");

  await commitExpired(world.runtime, lease, "sandbox-gone");

  const record = await world.record();
  expect(record).toMatchObject({ state: "expired", reason: "sandbox-gone" });
  for (const gone of [
    ...["sandboxId", "runStartedAt", "endsAt", "pausedAt", "bootId", "filesFor"],
    ...["generation", "sealHash", "safeAt", "keptUntil", "damagedAt", "leaseId"],
  ])
    expect(record).not.toHaveProperty(gone);
  expect(await dueIn(world)).toBeUndefined();
});

test.each([
  ["with a seal, and safe", { sealHash: "new", isSafe: true }, { sealHash: "new", safeAt: 5 }],
  ["with a seal, and not safe", { sealHash: "new" }, { sealHash: "new" }],
  ["by somebody else, unsealed", {}, {}],
])("what is paused %s says that, and nothing of an earlier rest", async (_how, how, says) => {
  const world = await createWorld();
  await brought(world, scope, { sealHash: "old", safeAt: 1 });
  const lease = await claim(world, "pause");

  await commitPaused(world.runtime, lease, { reason: "idle", pausedAt: 5, ...how });

  const { sealHash, safeAt, ...record } = await world.record();
  expect(record).toMatchObject({ state: "paused", reason: "idle", pausedAt: 5 });
  expect({ sealHash, safeAt }).toEqual({ sealHash: undefined, safeAt: undefined, ...says });
  expect(record.leaseId).toBeUndefined();
});

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
    expect(await dueIn(world)).toBe(world.policy.healAfterMs);
  });

  test("and whose provider does not answer is given up as it is, for the sweep to bring to rest", async () => {
    const world = await createWorld();
    const { lease } = await starting(world);
    await giveUpTidying(world.runtime, lease);
    expect(await world.record()).toMatchObject({ state: "starting", leaseId });
    const error = new ProviderUnreachableError("pause");
    world.faults.plan("sandboxes.pause", { kind: "error-before", error });
    await expect(failNow(world, lease, "install-failed")).rejects.toBe(error);
    expect(await world.record()).toMatchObject({ state: "failed", leaseId });

    await giveUpTidying(world.runtime, lease);

    expect(await world.record()).toMatchObject({ state: "failed", reason: "install-failed" });
    expect((await world.record()).leaseId).toBeUndefined();
    expect(world.running()).toHaveLength(1);
    expect(await dueIn(world)).toBe(world.policy.healAfterMs);
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
