/** Work that nobody has saved yet, where a boot, a repeated step or a service in trouble could lose it. */
import { expect, test } from "vitest";
import { FilesUnavailableError, PreviewNotAvailableError, ProviderUnreachableError } from "@/lib/errors";
import type { ProjectFiles } from "@/lib/workspace/files";
import { packageJson, product } from "@/tests/support/product";
import { createWorld, MINUTE, SECOND, scope } from "@/tests/support/world";

const first = { "package.json": packageJson, "index.html": "<h1>one</h1>" };
const away = new ProviderUnreachableError("run a command");

async function running(files: ProjectFiles) {
  const world = await createWorld({ files });
  const { sandboxId } = await world.ready();
  return { world, sandboxId: String(sandboxId) };
}

type World = Awaited<ReturnType<typeof running>>["world"];

/** An edit breaks the server: it comes back from its rest without one, the start fails, and a person tries again. */
async function breakAndTryAgain(world: World, sandboxId: string): Promise<void> {
  world.machines.editFile(sandboxId, "app/index.html", "<h1>by the agent</h1>");
  await world.cloud.pause(sandboxId);
  world.machines.loseServer(sandboxId);
  world.machines.project.exitsAfterMs = 100;
  world.emit("preview/check.due");
  await world.until(async () => (await world.record()).state === "failed");
  await world.advance(30 * SECOND);
  world.machines.project.exitsAfterMs = undefined;
  await world.ready();
}

test("a boot in a sandbox with unsaved work saves it first", async () => {
  // Reproduces a boot that removed it with the old files.
  const site = product(first);
  const { world, sandboxId } = await running(site.port);

  await breakAndTryAgain(world, sandboxId);

  expect(site.files()["index.html"]).toBe("<h1>by the agent</h1>");
  expect(world.machines.fileText(sandboxId, "app/index.html")).toBe("<h1>by the agent</h1>");
});

test("a boot over work that the product does not take keeps a copy in the sandbox", async () => {
  const { revision, load } = product(first).port;
  const { world, sandboxId } = await running({ revision, load });

  await breakAndTryAgain(world, sandboxId);

  expect(world.machines.fileText(sandboxId, "app/index.html")).toBe("<h1>one</h1>");
  const aside = world.machines.filePaths(sandboxId).find((path) => path.includes("overwritten/boot-"));
  expect(world.machines.fileText(sandboxId, String(aside))).toBe("<h1>by the agent</h1>");
});

test("a save that failed is remembered as that", async () => {
  const site = product(first);
  const files: ProjectFiles = {
    ...site.port,
    save: async (projectId) => {
      throw new FilesUnavailableError(projectId);
    },
  };
  const { world, sandboxId } = await running(files);
  world.machines.editFile(sandboxId, "app/index.html", "<h1>two</h1>");

  await world.leave();
  await world.until(async () => (await world.record()).state === "paused");

  expect(await world.store.history(scope, 100)).toContainEqual(
    expect.objectContaining({ kind: "not-saved", why: "failed" }),
  );
});

test("putting a damaged sandbox aside is finished by the step's repetition, and nothing of it runs on", async () => {
  // Reproduces a start that failed because the record named no sandbox any more, with the damaged one left running.
  const { world, sandboxId } = await running(product(first).port);
  await world.leave();
  await world.until(async () => (await world.record()).state === "paused");
  world.machines.deleteFile(sandboxId, ".rekindle/generation");
  world.faults.plan("store.note", { kind: "die-after" });

  const view = await world.ready();

  expect(view).toMatchObject({ state: "running", cameBack: { how: "rebuilt-cold" } });
  expect(world.running().map((sandbox) => sandbox.sandboxId)).toEqual([view.sandboxId]);
  expect((await world.record()).asideId).toBeUndefined();
});

test("files that come and go beside the product's are no damage", async () => {
  const { revision, load } = product(first).port;
  const { world, sandboxId } = await running({ revision, load });
  world.machines.editFile(sandboxId, "app/data.db-journal", "half a transaction");
  world.faults.slow("sandboxes.pause", 4 * SECOND);
  await world.leave();
  await world.until(async () => (await world.record()).phase === "pause");
  world.machines.deleteFile(sandboxId, "app/data.db-journal");

  await world.until(async () => (await world.record()).state === "paused");

  expect(await world.ready()).toMatchObject({ sandboxId, cameBack: { how: "resumed" } });
});

test("a provider in trouble during a restart leaves the preview running and the files asked for", async () => {
  // Reproduces a running preview that was declared failed for it.
  const site = product(first);
  const { world } = await running(site.port);
  site.become({ ...first, ".env": "A=1" });
  for (let index = 0; index < 3; index += 1) {
    world.faults.plan("sandboxes.startInBackground", { kind: "error-before", error: away });
  }

  await world.finish(() => world.rekindle.sync(scope));
  await world.beatFor(15 * MINUTE);

  expect(await world.record()).toMatchObject({ state: "running", revision: "r2" });
  expect((await world.record()).syncAskedAt).toBeUndefined();
  expect(world.eventsNamed("preview/failed")).toEqual([]);
});

test("what an unfinished sync still needs is not forgotten by a save in between", async () => {
  const site = product(first);
  const { world, sandboxId } = await running(site.port);
  site.become({ ...first, "package.json": packageJson.replace("3.0.2", "3.0.3") });
  world.engine.pauseFunction("rekindle-sweep-previews");
  world.engine.pauseFunction("rekindle-audit-sandboxes");
  world.faults.plan("sandboxes.startInBackground", { kind: "die-before" });
  await world.finish(() => world.rekindle.sync(scope));
  await world.until(() => world.machines.fileText(sandboxId, "app/package.json").includes("3.0.3"));
  const jobs = world.machines.startedJobs.length;
  await world.advance(2 * MINUTE);
  world.machines.editFile(sandboxId, "app/index.html", "<h1>two</h1>");
  await world.finish(() => world.rekindle.save(scope));

  world.engine.resumeFunction("rekindle-sweep-previews");
  await world.beatFor(15 * MINUTE);

  expect(world.machines.startedJobs.slice(jobs).map(({ script }) => script)).toContain("install.sh");
  expect(await world.record()).toMatchObject({ state: "running", revision: "r3" });
});

test("neither sync nor save wakes a sandbox that its provider paused at its end", async () => {
  const site = product(first);
  const { world, sandboxId } = await running(site.port);
  world.engine.pauseFunction("rekindle-pause-when-idle");
  world.engine.pauseFunction("rekindle-sweep-previews");
  world.engine.pauseFunction("rekindle-audit-sandboxes");
  await world.advance(20 * MINUTE);
  const before = (await world.record()).state;
  site.become({ ...first, "index.html": "<h1>two</h1>" });

  await world.finish(() => world.rekindle.sync(scope));
  const saved = await world.finish(() => world.rekindle.save(scope));
  await world.advance(2 * MINUTE);

  expect(before).toBe("running");
  expect(saved).toEqual({ kind: "not-running" });
  expect(world.sandboxes().find((sandbox) => sandbox.sandboxId === sandboxId)?.state).toBe("paused");
});

test("an agent whose waking failed is told soon, and not at its hold's end", async () => {
  const { world } = await running(product(first).port);
  await world.leave();
  await world.until(async () => (await world.record()).state === "paused");
  for (let index = 0; index < 12; index += 1) {
    world.faults.plan("sandboxes.connect", { kind: "error-before", error: away });
  }

  const held = world
    .finish(() => world.rekindle.hold(scope, { key: "agent", maxMs: 60 * MINUTE }))
    .catch((error: unknown) => error);

  expect(await held).toBeInstanceOf(PreviewNotAvailableError);
  expect((await world.store.read(scope)).snapshot.holds).toBe(0);
});
