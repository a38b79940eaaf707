/** Owns how previews are kept alive, warned, renewed and brought to rest: lives of the functions that watch. */
import { LeaseLostError } from "@/lib/errors";
import { nearItsEnd } from "@/tests/support/old-run";
import { HOUR, MINUTE, SECOND, scope, type World } from "@/tests/support/world";
import type { Life } from "./life";
import { quicklyReady, quickWorld } from "./quick-world";

const lost = new LeaseLostError("p1");
const overtaken = (world: World) => world.faults.plan("store.claim", { kind: "error-before", error: lost });

export const restingLives: readonly Life[] = [
  {
    name: "opened, and never used",
    shows: ["pause-when-idle", "extend-on-activity"],
    async live() {
      const world = await quicklyReady();
      await world.advance(11 * MINUTE);
      return world;
    },
  },
  {
    name: "used for a while, and then no more",
    shows: ["pause-when-idle"],
    async live() {
      const world = await quicklyReady();
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
      const world = await quicklyReady();
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
      const world = await quicklyReady();
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
      const world = await quicklyReady();
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
      const world = await quicklyReady();
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
      const world = await quicklyReady();
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
      const world = await quicklyReady();
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
      const world = await quicklyReady();
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
      const world = await quickWorld({ project: { installMs: MINUTE } });
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
      const world = await quicklyReady();
      overtaken(world);
      world.emit("preview/rest.requested", { data: { because: "asked" } });
      await world.advance(5 * SECOND);
      return world;
    },
  },
];
