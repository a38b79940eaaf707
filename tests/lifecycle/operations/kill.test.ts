/** An operator's kill alone: what is saved, what is given up first, and what is left alone. */
import { describe, expect, test } from "vitest";
import { kill } from "@/lib/preview/operations/kill";
import { packageJson, product } from "@/tests/support/product";
import { brought, granted, rested } from "@/tests/support/rested";
import { createWorld, scope, type World } from "@/tests/support/world";
import { asItCalls, elses, lapse, lease, lookedAtIn, openNow } from "./alone";

const killNow = (world: World) => world.finish(() => kill(world.runtime, scope, lease));
const hold = (world: World) =>
  world.runtime.fleet.turn("hold-everything", { on: true, by: "ann", why: "to look" });

describe("a sandbox", () => {
  test("that runs is given up by the record and marked before it is killed, and the preview is rebuilt", async () => {
    const world = await createWorld();
    const sandboxId = await brought(world, scope);
    let seen: unknown;
    asItCalls(world, "sandboxes.kill", async () => {
      const condemned = await world.store.condemn(scope, sandboxId);
      seen = { record: await world.record(), condemned };
    });

    const killed = await killNow(world);

    expect(seen).toMatchObject({ record: { state: "expired" }, condemned: true });
    expect(killed).toMatchObject({ kind: "killed", snapshot: { record: { state: "expired" } } });
    const record = await world.record();
    expect(record).toMatchObject({ state: "expired", reason: "killed", wanted: "resting" });
    for (const gone of ["leaseId", "sandboxId", "runStartedAt", "endsAt", "bootId"])
      expect(record).not.toHaveProperty(gone);
    expect(world.sandboxes()).toEqual([]);
    expect(await lookedAtIn(world)).toBeUndefined();
    expect(await openNow(world)).toMatchObject({ kind: "starting" });
  });

  test("is wanted by nobody from the claim on, and who comes meanwhile finds it killed all the same", async () => {
    const world = await createWorld();
    await brought(world, scope);
    let underWay: unknown;
    let commits = 0;
    world.faults.interpose(async (call) => {
      if (call === "store.commit") {
        commits += 1;
        underWay = await world.record();
        await world.store.claim(scope, { kind: "open", leaseId: elses, isByPerson: true, bootId: "x" });
      } else if (call === "store.renewLease" && commits === 0) {
        expect(await world.record()).toMatchObject({ state: "running", wanted: "resting" });
      }
    });

    expect(await killNow(world)).toMatchObject({ kind: "killed" });
    expect(underWay).toMatchObject({ leaseId: lease, phase: "tidy" });
    expect(await world.record()).toMatchObject({ state: "expired", wanted: "resting" });
  });

  test.each([
    ["that the product can have is saved", true],
    ["that the product has no way to take is said to be lost", false],
  ])("with work %s", async (_told, isSaving) => {
    const site = product({ "package.json": packageJson });
    const { revision, load } = site.port;
    const world = await createWorld({ files: isSaving ? site.port : { revision, load } });
    const { sandboxId } = await world.ready();
    world.machines.editFile(String(sandboxId), "app/page.txt", "newer");

    expect(await killNow(world)).toMatchObject({ kind: "killed", isSaved: isSaving });
    expect(site.files()["page.txt"]).toBe(isSaving ? "newer" : undefined);
  });

  test("with nothing new in it is as good as saved", async () => {
    const world = await createWorld({ files: product({ "package.json": packageJson }).port });
    await world.ready();

    expect(await killNow(world)).toMatchObject({ kind: "killed", isSaved: true });
  });

  test.each([
    ["was saved when it came to rest", true],
    ["was not", false],
  ])("that rests is not woken, and is as safe as its pause left it: it %s", async (_told, isSafe) => {
    const world = await createWorld();
    await rested(world, scope, isSafe ? { safeAt: world.clock.now() } : {});

    expect(await killNow(world)).toMatchObject({ kind: "killed", isSaved: isSafe });
    expect(world.faults.count("sandboxes.run")).toBe(0);
    expect(world.sandboxes()).toEqual([]);
  });
});

describe("nothing is killed", () => {
  test("where there is no sandbox", async () => {
    const world = await createWorld();
    expect(await killNow(world)).toEqual({ kind: "nothing-there" });
    await openNow(world);
    const { epoch } = await world.record();
    await world.store.commit(
      { scope, leaseId: lease, epoch },
      { operation: "failed", claim: "release", become: "failed", reason: "no-recipe", check: "never" },
    );

    expect(await killNow(world)).toEqual({ kind: "nothing-there" });
    expect(await world.record()).toMatchObject({ state: "failed", reason: "no-recipe" });
    expect((await world.record()).leaseId).toBeUndefined();
    expect(world.faults.count("sandboxes.kill")).toBe(0);
  });

  // Found by the simulator (layer 1): the claim ended, nothing was due any more, and it was starting for ever.
  test("where a start broke off before it had a sandbox, which ends with the word", async () => {
    const world = await createWorld();
    await openNow(world);
    await lapse(world);

    expect(await killNow(world)).toEqual({ kind: "nothing-there" });
    expect(await world.record()).toMatchObject({ state: "expired", reason: "killed", wanted: "resting" });
  });

  test("while somebody is at work on it", async () => {
    const world = await createWorld();
    await brought(world, scope);
    granted(await world.store.claim(scope, { kind: "pause", leaseId: elses, reason: "left" }));

    expect(await killNow(world)).toMatchObject({ kind: "busy", snapshot: { record: { leaseId: elses } } });
    expect(world.sandboxes()).toHaveLength(1);
  });

  test("while everything is held, and nothing is claimed for it", async () => {
    const world = await createWorld();
    await brought(world, scope);
    const held = await world.record();
    await hold(world);

    expect(await killNow(world)).toMatchObject({ kind: "held", snapshot: { record: { state: "running" } } });
    expect(await world.record()).toEqual(held);
    expect(world.running()).toHaveLength(1);
  });

  test("when everything is held while it is saved: what ran runs on, is wanted and looked at", async () => {
    const world = await createWorld();
    await brought(world, scope);
    asItCalls(world, "sandboxes.run", () => hold(world));

    expect(await killNow(world)).toMatchObject({ kind: "held", snapshot: { record: { state: "running" } } });
    expect(await world.record()).toMatchObject({ state: "running", wanted: "running" });
    expect((await world.record()).leaseId).toBeUndefined();
    expect(world.running()).toHaveLength(1);
    // After the first of its deadlines as of any that runs, not at the end of a claim that is over.
    expect(await lookedAtIn(world)).toBeGreaterThan(world.policy.leaseMs);
  });

  test("when everything is held just before: what rests is left at rest", async () => {
    const world = await createWorld();
    await rested(world, scope);
    asItCalls(world, "store.renewLease", () => hold(world));

    expect(await killNow(world)).toMatchObject({ kind: "held" });
    expect(await world.record()).toMatchObject({ state: "paused", wanted: "resting" });
    expect((await world.record()).leaseId).toBeUndefined();
    expect(world.sandboxes()).toMatchObject([{ state: "paused" }]);
    expect(await lookedAtIn(world)).toBeGreaterThan(world.policy.retentionMs / 2);
  });
});
