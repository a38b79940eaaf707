/** A look alone: where what broke off on its way stands when it is not let go on, and that no wish is lost over it. */
import { expect, test } from "vitest";
import { parseScope } from "@/lib/ids";
import { reconcile } from "@/lib/preview/operations/reconcile";
import { fleetKeys, userKey } from "@/lib/store/keys";
import { brought, rested } from "@/tests/support/rested";
import { createWorld, scope, type World } from "@/tests/support/world";
import { claim, elses, lapse } from "./alone";

const look = (world: World) => world.finish(() => reconcile(world.runtime, scope, elses));

/** Its way back broke off, and its place is gone by now, which another preview has. */
async function brokenOff(world: World, others = parseScope("p2", "u1")): Promise<void> {
  await rested(world, scope);
  await claim(world, "open");
  await lapse(world);
  await world.redis.command("ZREM", fleetKeys("test").places, "p1/u1");
  await world.redis.command("HDEL", userKey("test", "u1"), "place:p1");
  await brought(world, others);
}

// Found by the simulator (layer 1, seed 22251): it stayed on its way for ever.
test("what its user may not run is said to rest, as it does", async () => {
  const world = await createWorld({ policy: { maxRunningPerUser: 1 } });
  await brokenOff(world);

  expect(await look(world)).toMatchObject({ kind: "settled", action: { kind: "record-paused" } });
  expect(await world.record()).toMatchObject({
    ...{ state: "paused", wanted: "resting", refusedBecause: "user-limit" },
  });
});

// Found by the simulator (layer 1, seed 21327): it was said to be on its way for as long as it had to wait.
test("what has to wait for a place is said to rest, and goes on waiting", async () => {
  const world = await createWorld({ policy: { planConcurrency: 1 }, maxConcurrent: 20 });
  await brokenOff(world, parseScope("p2", "u2"));

  expect(await look(world)).toMatchObject({ kind: "opened", outcome: { kind: "waiting" } });
  const record = await world.record();
  expect(record).toMatchObject({ state: "paused", wanted: "running" });
  expect(record.waitingSince).toBeDefined();
});
