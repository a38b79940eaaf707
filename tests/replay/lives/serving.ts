/** Owns how the line is looked after and how newer files are brought: lives of serve-line, sync-preview and recover-preview. */
import { FilesUnavailableError, LeaseLostError, ProviderUnreachableError } from "@/lib/errors";
import { parseScope } from "@/lib/ids";
import { packageJson, product } from "@/tests/support/product";
import { HOUR, MINUTE, SECOND, scope, type World } from "@/tests/support/world";
import type { Life } from "./life";
import { quickWorld } from "./quick-world";

const other = parseScope("p2", "u1");
const lost = new LeaseLostError("p1");
const first = { "package.json": packageJson, "index.html": "1" };

/** One runs in the only place, and another stands in the line for it. */
async function withOneInLine(): Promise<World> {
  const world = await quickWorld({ policy: { planConcurrency: 1 } });
  await world.ready();
  await world.finish(() => world.rekindle.hold(scope, { key: "work", maxMs: HOUR }));
  await world.open("v1", other);
  await world.advance(SECOND);
  return world;
}

async function withProduct() {
  const site = product(first);
  const world = await quickWorld({ files: site.port });
  await world.ready();
  const sync = async (): Promise<void> => {
    world.emit("preview/sync.requested");
    await world.advance(30 * SECOND);
  };
  return { site, world, sync };
}

export const servingLives: readonly Life[] = [
  {
    name: "the line until its first has a place",
    shows: ["serve-line"],
    async live() {
      const world = await withOneInLine();
      await world.advance(15 * SECOND);
      await world.finish(() => world.rekindle.release(scope, "work"));
      for (let round = 0; round < 8; round += 1) {
        await world.beat("v1", other);
        await world.advance(30 * SECOND);
      }
      return world;
    },
  },
  {
    name: "the line's run is cancelled",
    shows: ["recover-preview"],
    async live() {
      const world = await withOneInLine();
      for (const { id } of world.runsOf("serve-line")) world.engine.cancelRun(id);
      await world.advance(2 * SECOND);
      return world;
    },
  },
  {
    name: "newer files: none, a page, dependencies",
    shows: ["sync-preview"],
    async live() {
      const { site, world, sync } = await withProduct();
      await sync();
      site.become({ ...first, "index.html": "2" });
      await sync();
      site.become({ ...first, "package.json": packageJson.replace("3.0.2", "3.0.3") });
      await sync();
      return world;
    },
  },
  {
    name: "newer files while it rests, and while it starts",
    shows: ["sync-preview"],
    async live() {
      const world = await quickWorld({ project: { installMs: 12 * SECOND } });
      await world.open();
      await world.advance(5 * SECOND);
      world.emit("preview/sync.requested");
      await world.advance(3 * MINUTE);
      await world.leave();
      await world.advance(3 * MINUTE);
      world.emit("preview/sync.requested");
      await world.advance(SECOND);
      return world;
    },
  },
  {
    name: "newer files asked for while newer files are brought",
    shows: ["sync-preview"],
    async live() {
      const { site, world } = await withProduct();
      site.become({ ...first, "index.html": "2" });
      world.faults.slow("sandboxes.writeFiles", 10 * SECOND);
      world.emit("preview/sync.requested");
      await world.advance(3 * SECOND);
      site.become({ ...first, "index.html": "3" });
      await world.finish(() => world.rekindle.sync(scope));
      await world.advance(2 * MINUTE);
      return world;
    },
  },
  {
    name: "newer files that cannot be had, and a provider that is away at the restart",
    shows: ["sync-preview"],
    async live() {
      const { site, world } = await withProduct();
      const plain = world.runtime.files;
      const load = async () => {
        throw new FilesUnavailableError("p1");
      };
      Object.assign(world.runtime, { files: { ...site.port, load } });
      site.become({ ...first, "index.html": "2" });
      world.emit("preview/sync.requested");
      await world.advance(3 * MINUTE);
      Object.assign(world.runtime, { files: plain });
      site.become({ ...first, "package.json": packageJson.replace("3.0.2", "3.0.3") });
      const error = new ProviderUnreachableError("start");
      world.faults.interpose(async (call) => {
        if (call === "sandboxes.startInBackground") throw error;
      });
      world.emit("preview/sync.requested");
      await world.advance(3 * MINUTE);
      return world;
    },
  },
  {
    name: "newer files on which the project does not come up",
    shows: ["sync-preview"],
    async live() {
      const { site, world, sync } = await withProduct();
      world.machines.project.installExitCode = 1;
      site.become({ ...first, "package.json": packageJson.replace("3.0.2", "3.0.3") });
      await sync();
      return world;
    },
  },
  {
    name: "newer files, and another worker takes over",
    shows: ["sync-preview"],
    async live() {
      const { site, world, sync } = await withProduct();
      site.become({ ...first, "index.html": "2" });
      world.faults.plan("store.renewLease", { kind: "error-before", error: lost });
      await sync();
      return world;
    },
  },
];
