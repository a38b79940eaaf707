/** Owns how previews are kept alive, warned, renewed and brought to rest: lives of the functions that watch. */
import { LeaseLostError } from "@/lib/errors";
import { nearItsEnd } from "@/tests/support/old-run";
import { createWorld, HOUR, MINUTE, SECOND, scope, type World } from "@/tests/support/world";
import type { Life } from "./life";

const lost = new LeaseLostError("p1");
const overtaken = (world: World) => world.faults.plan("store.claim", { kind: "error-before", error: lost });

async function ready(): Promise<World> {
  const world = await createWorld();
  await world.ready();
  return world;
}

export const restingLives: readonly Life[] = [
  {
    name: "opened, and never used",
    shows: ["pause-when-idle", "extend-on-activity"],
    async live() {
      const world = await ready();
      await world.advance(11 * MINUTE);
      return world;
    },
  },
  {
    name: "used for a while, and then no more",
    shows: ["pause-when-idle"],
    async live() {
      const world = await ready();
      await world.advance(MINUTE);
      await world.beat();
      await world.advance(8 * MINUTE);
      await world.beat();
      await world.advance(MINUTE);
      await world.beat();
      await world.advance(12 * MINUTE);
      return world;
    },
  },
  {
    name: "used again while its idleness is watched",
    shows: ["pause-when-idle"],
    async live() {
      const world = await ready();
      await world.advance(9 * MINUTE);
      world.emit("user/active");
      await world.advance(9 * MINUTE);
      return world;
    },
  },
  {
    name: "idle, and another worker takes over",
    shows: ["pause-when-idle"],
    async live() {
      const world = await ready();
      overtaken(world);
      await world.advance(11 * MINUTE);
      return world;
    },
  },
  {
    name: "found at rest by a sign of life",
    shows: ["extend-on-activity"],
    skips: 1,
    async live() {
      const world = await ready();
      for (const { sandboxId } of world.running()) await world.cloud.pause(sandboxId);
      world.emit("user/active");
      await world.advance(10 * SECOND);
      return world;
    },
  },
  {
    name: "left, and nobody returns",
    shows: ["pause-on-leave"],
    async live() {
      const world = await ready();
      await world.leave();
      await world.advance(3 * MINUTE);
      world.emit("user/left");
      await world.advance(5 * SECOND);
      return world;
    },
  },
  {
    name: "left, and somebody returns",
    shows: ["pause-on-leave"],
    async live() {
      const world = await ready();
      await world.leave();
      await world.advance(MINUTE);
      await world.open();
      await world.advance(5 * SECOND);
      return world;
    },
  },
  {
    name: "left, and another worker takes over",
    shows: ["pause-on-leave"],
    async live() {
      const world = await ready();
      await world.leave();
      overtaken(world);
      await world.advance(3 * MINUTE);
      return world;
    },
  },
  {
    name: "renewed at the first quiet moment",
    shows: ["renew-run"],
    async live() {
      const { world } = await nearItsEnd();
      await world.advance(3 * MINUTE);
      return world;
    },
  },
  {
    name: "renewed at the last moment while an agent holds it",
    shows: ["renew-run", "extend-on-activity"],
    async live() {
      const { world } = await nearItsEnd();
      await world.finish(() => world.rekindle.hold(scope, { key: "task", maxMs: HOUR }));
      await world.advance(10 * MINUTE);
      return world;
    },
  },
  {
    name: "not renewed, since another worker takes over",
    shows: ["renew-run"],
    async live() {
      const { world } = await nearItsEnd();
      overtaken(world);
      await world.advance(3 * MINUTE);
      return world;
    },
  },
  {
    name: "not renewed, since it rests by then",
    shows: ["renew-run"],
    async live() {
      const { world } = await nearItsEnd();
      await world.leave();
      await world.advance(3 * MINUTE);
      return world;
    },
  },
  {
    name: "asked to rest",
    shows: ["rest-on-request"],
    async live() {
      const world = await ready();
      world.emit("preview/rest.requested", { data: { because: "evicted" } });
      await world.advance(5 * SECOND);
      world.emit("preview/rest.requested", { data: { because: "asked" } });
      await world.advance(5 * SECOND);
      return world;
    },
  },
  {
    name: "asked to rest while it starts",
    shows: ["rest-on-request"],
    async live() {
      const world = await createWorld({ project: { installMs: MINUTE } });
      await world.open();
      await world.advance(5 * SECOND);
      world.emit("preview/rest.requested", { data: { because: "asked" } });
      await world.advance(4 * MINUTE);
      return world;
    },
  },
  {
    name: "asked to rest, and another worker takes over",
    shows: ["rest-on-request"],
    async live() {
      const world = await ready();
      overtaken(world);
      world.emit("preview/rest.requested", { data: { because: "asked" } });
      await world.advance(5 * SECOND);
      return world;
    },
  },
];
