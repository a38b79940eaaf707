/** How claims end: what the record says then, what of the last rest is forgotten, and what still runs. */
import { describe, expect, test } from "vitest";
import { LeaseLostError, ProviderBusyError } from "@/lib/errors";
import { sandboxIdSchema } from "@/lib/ids";
import {
  commit,
  commitExpired,
  commitPaused,
  commitRunning,
  loseSandbox,
} from "@/lib/preview/operations/settle";
import { brought, rested } from "@/tests/support/rested";
import { createWorld, MINUTE, SECOND, scope } from "@/tests/support/world";
import { asItCalls, claim, elses, lease as leaseId, lookedAtIn, openNow, overtake } from "./alone";

/** All that is true of one rest, or of one sandbox's disk. */
const ofTheRest = {
  ...{ restartId: "again", runCapAt: 9, sealHash: "seal", safeAt: 8, keptUntil: 7, damagedAt: 6 },
  ...{ generation: "g", filesFor: "b" },
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
    let phase: unknown;
    asItCalls(world, "store.commit", async () => {
      phase = (await world.record()).phase;
    });

    await commitRunning(world.runtime, lease, {
      ...{ sandbox, port: 5173, cameBack: "restarted", revision: "r9", requestId: "asked" },
    });

    expect(phase).toBe("answer");
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
  expect(await lookedAtIn(world)).toBeUndefined();
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
