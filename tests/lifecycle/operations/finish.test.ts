/** How a boot ends: what the sandbox and the record know then, and what a repetition finds. */
import { describe, expect, test } from "vitest";
import { LeaseLostError, SandboxGoneError } from "@/lib/errors";
import { finishBoot } from "@/lib/preview/operations/finish";
import type { Commit, Lease } from "@/lib/store/store";
import { brought, granted, rested } from "@/tests/support/rested";
import { createWorld, SECOND, scope, type World } from "@/tests/support/world";
import { asItCalls, elses, lease as leaseId, openNow, overtake } from "./alone";

const finishNow = (world: World, lease: Lease, isResume: boolean) =>
  world.finish(() => finishBoot(world.runtime, lease, isResume, "asked"));

/** Its sandbox runs, and whoever opens it has come to the last step. */
async function atTheLastStep(known: Commit["set"] = {}) {
  const world = await createWorld();
  const sandboxId = await rested(world, scope, known);
  const lease = granted(
    await world.store.claim(scope, { kind: "open", leaseId, isByPerson: true, bootId: "boot" }),
  );
  await world.cloud.connect(sandboxId, 600);
  return { world, sandboxId, lease };
}

const filesIn = (world: World, sandboxId: string) =>
  world.machines.filePaths(sandboxId).map((path) => world.machines.fileText(sandboxId, path));

describe("a boot that is done", () => {
  test("is running with the provider's own times, and the sandbox itself knows what runs in it", async () => {
    const { world, sandboxId, lease } = await atTheLastStep({ port: 5173, bootId: "made-here" });
    const [running] = world.running();
    let phase: unknown;
    asItCalls(world, "sandboxes.observe", async () => {
      phase = (await world.record()).phase;
    });

    await finishNow(world, lease, false);

    expect(phase).toBe("answer");
    expect(await world.record()).toMatchObject({
      ...{ state: "running", sandboxId, port: 5173, cameBack: "rebuilt-cold", readyBy: leaseId },
      ...{ runStartedAt: running?.startedAt, endsAt: running?.endAt },
    });
    expect((await world.record()).leaseId).toBeUndefined();
    expect(filesIn(world, sandboxId)).toContainEqual(expect.stringContaining("made-here"));
    expect(await openNow(world, { requestId: "asked", leaseId: elses })).toMatchObject({ kind: "completed" });
  });

  test.each([
    ["resumed", {}],
    ["restarted", { restartId: "again" }],
  ] as const)(
    "on the way back is told as %s, and writes nothing into the sandbox",
    async (cameBack, known) => {
      const { world, sandboxId, lease } = await atTheLastStep(known);
      const before = filesIn(world, sandboxId);

      await finishNow(world, lease, true);

      expect(await world.record()).toMatchObject({ state: "running", cameBack });
      expect(filesIn(world, sandboxId)).toEqual(before);
    },
  );
});

describe("repeated after a lost answer", () => {
  test("it answers what it wrote", async () => {
    const { world, lease } = await atTheLastStep();
    const first = await finishNow(world, lease, true);
    await world.advance(SECOND);

    expect((await finishNow(world, lease, true)).record).toEqual(first.record);
  });

  test("it says that it was overtaken, whether the other is at work or has brought it up", async () => {
    const { world, lease, sandboxId } = await atTheLastStep();
    const theirs = await overtake(world);
    await expect(finishNow(world, lease, true)).rejects.toBeInstanceOf(LeaseLostError);

    const { endAt: endsAt, startedAt } = Object(world.running()[0]);
    await world.store.commit(theirs, {
      ...{ operation: "up", claim: "release", become: "running", check: "when-running" },
      set: { sandboxId, runStartedAt: startedAt, endsAt, readyBy: elses },
    });
    await expect(finishNow(world, lease, true)).rejects.toBeInstanceOf(LeaseLostError);
  });
});

test("a sandbox that vanished at the last step is gone, and nothing is said to run", async () => {
  const { world, lease, sandboxId } = await atTheLastStep();
  await world.cloud.killBehindTheBack(sandboxId);

  await expect(finishNow(world, lease, false)).rejects.toBeInstanceOf(SandboxGoneError);
  expect(await world.record()).toMatchObject({ state: "resuming", leaseId });
});

test("one that runs under nobody's claim any more is not committed again", async () => {
  const world = await createWorld();
  await brought(world, scope);

  const stale: Lease = { scope, leaseId, epoch: 1 };
  await expect(finishNow(world, stale, true)).rejects.toBeInstanceOf(LeaseLostError);
});
