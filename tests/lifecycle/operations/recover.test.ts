/** What a dead run left is told at once, and nothing of anybody else's is touched. */
import { expect, test } from "vitest";
import type { LeaseId } from "@/lib/ids";
import { recover } from "@/lib/preview/operations/recover";
import { brought, granted, rested } from "@/tests/support/rested";
import { createWorld, scope, type World } from "@/tests/support/world";
import { elses, lease, openNow } from "./alone";

const recoverNow = (world: World, of: LeaseId = lease) =>
  world.finish(() => recover(world.runtime, scope, of));

test("a start that its run left is failed, and nobody holds it", async () => {
  const world = await createWorld();
  await openNow(world);

  const recovered = await recoverNow(world);

  expect(recovered).toMatchObject({ kind: "marked", snapshot: { record: { state: "failed" } } });
  expect(await world.record()).toMatchObject({ state: "failed", reason: "run-failed", wanted: "resting" });
  expect((await world.record()).leaseId).toBeUndefined();
});

test("a way back that its run left rests again, and costs nothing", async () => {
  const world = await createWorld();
  const sandboxId = await rested(world, scope);
  await openNow(world);
  expect(world.running()).toHaveLength(1);

  expect(await recoverNow(world)).toMatchObject({
    kind: "marked",
    snapshot: { record: { state: "paused" } },
  });
  expect(await world.record()).toMatchObject({ state: "paused", reason: "run-failed", sandboxId });
  expect(world.running()).toEqual([]);
});

test("what somebody else has taken over goes on under their claim", async () => {
  const world = await createWorld();
  await openNow(world, { leaseId: elses });
  const held = await world.record();

  expect(await recoverNow(world)).toEqual({ kind: "nothing-held" });
  expect(await world.record()).toEqual(held);
});

test("a claim that is no start is left to its end: a pause half done is finished by the sweep, not failed", async () => {
  const world = await createWorld();
  await brought(world, scope);
  granted(await world.store.claim(scope, { kind: "pause", leaseId: lease, reason: "left" }));
  const held = await world.record();

  expect(await recoverNow(world)).toEqual({ kind: "nothing-held" });
  expect(await world.record()).toEqual(held);
});
