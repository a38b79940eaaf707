/** Owns how previews come up, or do not: lives of open-preview. Each ends when the runs that it shows have. */
import { LeaseLostError, ProviderUnreachableError, StoreUnreachableError } from "@/lib/errors";
import { packageJson, product } from "@/tests/support/product";
import { MINUTE, SECOND, scope, type World, type WorldOptions } from "@/tests/support/world";
import type { Life } from "./life";
import { quickWorld } from "./quick-world";

const shows = ["open-preview"];
const lost = new LeaseLostError("p1");

const isState = (world: World, state: string) => async () => (await world.record()).state === state;

async function opened(
  options: WorldOptions,
  plan: (world: World) => void = () => undefined,
  state = "running",
) {
  const world = await quickWorld(options);
  plan(world);
  await world.open();
  await world.until(isState(world, state), 10 * MINUTE);
  await world.advance(5 * SECOND);
  return world;
}

/** Paused after its last viewer left. */
async function atRest(options: WorldOptions = {}) {
  const world = await quickWorld(options);
  const { sandboxId } = await world.ready();
  await world.leave();
  await world.until(isState(world, "paused"));
  await world.advance(SECOND);
  return { world, sandboxId: String(sandboxId) };
}

/** A wake that the route could not finish goes on durably. */
async function wokenDurably(world: World, plan: () => void = () => undefined, failures = 2): Promise<World> {
  const error = new ProviderUnreachableError("connect");
  for (let times = 0; times < failures; times += 1)
    world.faults.plan("sandboxes.connect", { kind: "error-before", error });
  plan();
  await world.open();
  await world.until(isState(world, "running"), 10 * MINUTE);
  await world.advance(SECOND);
  return world;
}

export const openingLives: readonly Life[] = [
  { name: "a cold start", shows, live: () => opened({}) },
  {
    name: "a start with an install and a server that take several looks",
    shows,
    live: () => opened({ project: { installMs: 20 * SECOND, answersAfterMs: 20 * SECOND } }),
  },
  {
    name: "a start that fails",
    shows,
    live: () => opened({ project: { installExitCode: 1 } }, undefined, "failed"),
  },
  {
    name: "a start that fails and whose ending cannot be written",
    shows,
    async live() {
      const world = await quickWorld({ project: { installMs: 12 * SECOND, installExitCode: 1 } });
      await world.open();
      await world.until(async () => (await world.record()).phase === "install");
      const error = new StoreUnreachableError("commit");
      for (let times = 0; times < 3; times += 1)
        world.faults.plan("store.commit", { kind: "error-before", error }, 0);
      await world.until(() => world.runsOf("open-preview").some(({ status }) => status === "Completed"));
      return world;
    },
  },
  {
    name: "a start that another worker takes over",
    shows,
    async live() {
      const world = await quickWorld();
      world.faults.plan("store.beginCreate", { kind: "error-before", error: lost });
      await world.open();
      await world.until(() => world.runsOf("open-preview").some(({ status }) => status === "Completed"));
      return world;
    },
  },
  {
    name: "a start whose sandbox is taken away",
    shows,
    async live() {
      const world = await quickWorld({ project: { installMs: 12 * SECOND } });
      await world.open();
      await world.until(async () => (await world.record()).phase === "install");
      for (const { sandboxId } of world.running()) await world.cloud.kill(sandboxId);
      await world.until(isState(world, "running"));
      await world.advance(SECOND);
      return world;
    },
  },
  {
    name: "a wake that the route leaves to the function",
    shows,
    skips: 1,
    live: async () => wokenDurably((await atRest()).world),
  },
  {
    name: "a wake whose files came back older",
    shows,
    skips: 2,
    async live() {
      const { world, sandboxId } = await atRest({
        files: product({ "package.json": packageJson, "index.html": "1" }).port,
      });
      await wokenDurably(world);
      world.machines.editFile(sandboxId, "app/index.html", "2");
      await world.leave();
      await world.until(isState(world, "paused"));
      return wokenDurably(world, () => world.machines.rollBackFiles(sandboxId));
    },
  },
  {
    name: "a product's own requests: warm, and too late",
    shows,
    skips: 1,
    async live() {
      const world = await quickWorld();
      world.emit("preview/requested");
      await world.until(isState(world, "running"));
      world.emit("preview/requested");
      await world.advance(10 * SECOND);
      world.emit("preview/requested", { ts: world.clock.now() - world.policy.requestFreshForMs - SECOND });
      await world.advance(10 * SECOND);
      return world;
    },
  },
  {
    name: "a request while the store is away",
    shows,
    async live() {
      const world = await quickWorld();
      const error = new StoreUnreachableError("read");
      for (let times = 0; times < 3; times += 1)
        world.faults.plan("store.read", { kind: "error-before", error });
      world.emit("preview/requested");
      await world.until(() => world.runsOf("open-preview").some(({ status }) => status === "Failed"));
      return world;
    },
  },
  {
    name: "a request at a user's limit, for which another preview makes room",
    shows,
    skips: 1,
    async live() {
      const world = await quickWorld({ policy: { maxRunningPerUser: 1 } });
      const other = { ...scope, projectId: "p0" };
      world.emit("preview/requested", { data: other });
      await world.until(() => world.running().length === 1);
      await world.advance(10 * MINUTE - 90 * SECOND);
      world.emit("preview/requested");
      await world.until(isState(world, "running"));
      await world.advance(SECOND);
      return world;
    },
  },
  {
    name: "a start that finds the provider full and stands in the line",
    shows,
    async live() {
      const world = await quickWorld({ maxConcurrent: 1 });
      await world.cloud.create({ templateId: "base", timeoutSeconds: 3_600, metadata: { app: "another" } });
      world.emit("preview/requested");
      await world.until(() => world.runsOf("open-preview").some(({ status }) => status === "Completed"));
      return world;
    },
  },
];
