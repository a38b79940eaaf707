/**
 * Owns how a world's preview gets into the state in which a first act meets it: by the shipping operations, called one
 * after the other without Inngest, which is what makes some hundred worlds affordable. It must never write a record by
 * hand. Fails at once when an operation answers otherwise.
 */
import { parseLeaseId, parseViewerId } from "@/lib/ids";
import { acquireSandbox } from "@/lib/preview/operations/acquire";
import { awaitInstall, awaitServer, bringFiles } from "@/lib/preview/operations/boot";
import { finishBoot } from "@/lib/preview/operations/finish";
import { pause } from "@/lib/preview/operations/pause";
import { commitExpired, fail } from "@/lib/preview/operations/settle";
import type { Lease } from "@/lib/store/store";
import { ageRunUntil } from "@/tests/support/old-run";
import { createWorld, MINUTE, SECOND, scope, type World } from "@/tests/support/world";
import type { Start } from "./table";

/** The one person of these tests. */
export const viewerId = parseViewerId("v1");

export async function worldIn(start: Start): Promise<World> {
  const world = await createWorld({
    // What a project takes is waiting and not waiting points, and costs time.
    project: { installMs: 0, answersAfterMs: 0 },
  });
  await bring(world, start);
  return world;
}

async function bring(world: World, start: Start): Promise<void> {
  switch (start) {
    case "absent":
      return;
    case "running":
      return running(world);
    case "near-end":
      await running(world);
      await ageRunUntil(world, 6 * MINUTE);
      // Long enough after the last sign of life to count as quiet.
      return world.advance(MINUTE);
    case "paused":
      await running(world);
      await world.finish(() => world.runtime.store.touch(scope, { kind: "left", viewerId }));
      await world.finish(() =>
        pause(world.runtime, scope, { leaseId: parseLeaseId("left-start"), reason: "left" }),
      );
      return world.advance(10 * MINUTE);
    case "expired": {
      const lease = await claimed(world);
      await world.finish(() => commitExpired(world.runtime, lease, "sandbox-gone"));
      return;
    }
    case "failed": {
      const lease = await claimed(world);
      await world.finish(() => acquireSandbox(world.runtime, lease));
      await world.finish(() => fail(world.runtime, lease, "install-failed"));
      return world.advance(MINUTE);
    }
  }
}

async function running(world: World): Promise<void> {
  const { runtime } = world;
  const lease = await claimed(world);
  await world.finish(async () => {
    await acquireSandbox(runtime, lease);
    await bringFiles(runtime, lease);
    for (const look of [awaitInstall, awaitServer]) {
      while ((await look(runtime, lease)).kind === "going-on");
    }
    await finishBoot(runtime, lease, false, "start");
  });
  // As open-preview does: it begins the watch over idleness.
  world.emit("user/active", { data: { by: "start" } });
  await world.advance(8 * SECOND);
}

async function claimed(world: World): Promise<Lease> {
  const reply = await world.runtime.store.claim(scope, {
    kind: "open",
    leaseId: parseLeaseId("open-start"),
    bootId: "boot1",
    isByPerson: true,
    viewerId,
  });
  if (reply.kind !== "granted") throw new Error(`the claim was answered with ${reply.kind}`);
  return reply.lease;
}
