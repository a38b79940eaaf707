/** Owns what the sweep, the audit, the provider's own word and the recovery do: lives of the functions that heal. */
import { LeaseLostError } from "@/lib/errors";
import { parseScope } from "@/lib/ids";
import { strayOf } from "@/tests/support/audits";
import { MINUTE, SECOND, scope, type World } from "@/tests/support/world";
import type { Life } from "./life";
import { quicklyReady, quickWorld } from "./quick-world";

const second = parseScope("p2", "u1");
const lost = new LeaseLostError("p1");

const stopAll = async (world: World): Promise<void> => {
  for (const { sandboxId } of world.running()) await world.cloud.pause(sandboxId);
};

const audited = async (world: World, isDryRun = false): Promise<void> => {
  world.emit("preview/audit.requested", { data: { isDryRun } });
  await world.advance(20 * SECOND);
};

export const healingLives: readonly Life[] = [
  {
    name: "swept: nothing is due, one is, and more than a pass takes",
    shows: ["sweep-previews", "reconcile-preview"],
    policy: { sweepBatch: 2 },
    async live() {
      const world = await quicklyReady({ policy: { sweepBatch: 2 } });
      await world.finish(() => world.rekindle.requestSweep());
      await world.advance(2 * SECOND);
      for (const { sandboxId } of world.running()) await world.cloud.kill(sandboxId);
      for (const { projectId, userId } of [scope, second])
        await world.redis.command("ZADD", "rekindle:test:due", "1", `${projectId}/${userId}`);
      await world.finish(() => world.rekindle.requestSweep());
      await world.advance(5 * SECOND);
      return world;
    },
  },
  {
    name: "swept while a line has nobody to look after it",
    shows: ["sweep-previews"],
    async live() {
      const world = await quicklyReady({ policy: { planConcurrency: 1 } });
      world.faults.plan("store.claim", { kind: "die-after" });
      await world.open("v1", second).catch(() => undefined);
      // Until somebody who was called would have come.
      await world.advance(3 * MINUTE);
      await world.finish(() => world.rekindle.requestSweep());
      await world.advance(2 * SECOND);
      return world;
    },
  },
  {
    name: "looked at: as it should be, paused behind our back, and while another worker takes over",
    shows: ["reconcile-preview"],
    async live() {
      const world = await quicklyReady();
      world.emit("preview/check.due");
      await world.advance(5 * SECOND);
      await stopAll(world);
      world.emit("preview/check.due");
      await world.advance(5 * SECOND);
      await stopAll(world);
      world.faults.plan("store.claim", { kind: "error-before", error: lost });
      world.emit("preview/check.due");
      await world.advance(10 * SECOND);
      return world;
    },
  },
  {
    name: "audited: all well, then dry, then a stray and a loss",
    shows: ["audit-sandboxes"],
    async live() {
      const world = await quicklyReady({ policy: { orphanGraceMs: MINUTE } });
      await audited(world);
      await world.ready("v1", second);
      await strayOf(world);
      await world.advance(MINUTE + 20 * SECOND);
      await audited(world, true);
      for (const { sandboxId, metadata } of world.sandboxes())
        if (metadata.projectId === second.projectId) await world.cloud.kill(sandboxId);
      await audited(world);
      return world;
    },
  },
  {
    name: "audited: one runs that should rest, and two have no record",
    shows: ["audit-sandboxes"],
    async live() {
      const world = await quicklyReady({ policy: { orphanGraceMs: MINUTE } });
      await world.ready("v1", second);
      await world.leave();
      await world.advance(3 * MINUTE);
      for (const { sandboxId, state } of world.sandboxes())
        if (state === "paused") await world.cloud.connect(sandboxId, 3_600);
      await world.redis.command("DEL", `rekindle:test:preview:${world.store.previewIdOf(second)}`);
      await strayOf(world, {}, parseScope("p3", "u1"));
      await world.advance(MINUTE + 20 * SECOND);
      await audited(world);
      return world;
    },
  },
  {
    name: "told by the provider: paused, killed, and paused while another worker takes over",
    shows: ["apply-sandbox-event"],
    async live() {
      const world = await quicklyReady({ hasWebhook: true });
      await stopAll(world);
      await world.advance(10 * SECOND);
      for (const { sandboxId } of world.running()) await world.cloud.kill(sandboxId);
      await world.advance(30 * SECOND);
      world.faults.plan("store.claim", { kind: "error-before", error: lost });
      await stopAll(world);
      await world.advance(10 * SECOND);
      return world;
    },
  },
  {
    name: "told by the provider that what somebody is at work on was killed",
    shows: ["apply-sandbox-event"],
    async live() {
      const world = await quickWorld({ hasWebhook: true, project: { installMs: 2 * MINUTE } });
      await world.open();
      await world.until(async () => (await world.record()).phase === "install");
      for (const { sandboxId } of world.running()) await world.cloud.kill(sandboxId);
      await world.advance(3 * MINUTE);
      return world;
    },
  },
  {
    name: "its opening is cancelled",
    shows: ["recover-preview"],
    async live() {
      const world = await quickWorld({ project: { installMs: 12 * SECOND } });
      await world.open();
      await world.until(async () => (await world.record()).phase === "install");
      for (const { id } of world.runsOf("open-preview")) world.engine.cancelRun(id);
      await world.advance(5 * SECOND);
      return world;
    },
  },
  {
    name: "its look is cancelled",
    shows: ["recover-preview"],
    async live() {
      const world = await quicklyReady();
      world.faults.slow("sandboxes.observe", MINUTE);
      world.emit("preview/check.due");
      await world.advance(SECOND);
      for (const { id } of world.runsOf("reconcile-preview")) world.engine.cancelRun(id);
      await world.advance(5 * SECOND);
      return world;
    },
  },
];
