/** What becomes of a preview's files: saved and sealed before a pause, looked at after it, and brought when newer. */
import { expect, test } from "vitest";
import { FilesUnavailableError, ProviderUnreachableError } from "@/lib/errors";
import type { ProjectFiles } from "@/lib/workspace/files";
import { packageJson, product } from "@/tests/support/product";
import { createWorld, MINUTE, SECOND, scope } from "@/tests/support/world";

const first = { "package.json": packageJson, "index.html": "<h1>one</h1>" };
const notes = async (world: Awaited<ReturnType<typeof createWorld>>) =>
  (await world.store.history(scope, 100)).filter(({ kind }) => kind !== "moved");

async function running(files: ProjectFiles) {
  const world = await createWorld({ files });
  const { sandboxId } = await world.ready();
  return { world, sandboxId: String(sandboxId) };
}

/** Everybody leaves, and it comes to rest. */
async function leaveUntilPaused(world: Awaited<ReturnType<typeof createWorld>>): Promise<void> {
  await world.leave();
  await world.until(async () => (await world.record()).state === "paused");
}

test("what an agent changed in the sandbox is saved before the pause, and told with its revision", async () => {
  const site = product(first);
  const { world, sandboxId } = await running(site.port);
  world.machines.editFile(sandboxId, "app/index.html", "<h1>two</h1>");

  await leaveUntilPaused(world);

  expect(site.files()["index.html"]).toBe("<h1>two</h1>");
  expect(await world.record()).toMatchObject({ revision: "r2", state: "paused" });
  expect(await notes(world)).toMatchObject([{ kind: "saved", revision: "r2", files: 1 }]);
});

test("a pause without changes calls the product not at all", async () => {
  const site = product(first);
  const { world } = await running(site.port);
  const before = site.calls.length;

  await leaveUntilPaused(world);

  expect(site.calls.slice(before)).toEqual([]);
  expect(await notes(world)).toEqual([]);
});

test("a product that cannot save keeps nothing from resting, and what was not saved is said once", async () => {
  const site = product(first);
  const { revision, load } = site.port;
  const { world, sandboxId } = await running({ revision, load });
  world.machines.editFile(sandboxId, "app/index.html", "<h1>two</h1>");

  await leaveUntilPaused(world);
  await world.ready();
  await leaveUntilPaused(world);

  expect(await world.record()).toMatchObject({ state: "paused", unsaved: 1 });
  expect(await notes(world)).toMatchObject([{ kind: "not-saved", why: "not-supported", files: 1 }]);
  expect(world.machines.fileText(sandboxId, "app/index.html")).toBe("<h1>two</h1>");
});

test("a product whose store is away keeps nothing from resting, and the next pause saves", async () => {
  const site = product(first);
  let isAway = true;
  const files: ProjectFiles = {
    ...site.port,
    async save(projectId, changes, base) {
      if (isAway) throw new FilesUnavailableError(projectId);
      return site.port.save(projectId, changes, base);
    },
  };
  const { world, sandboxId } = await running(files);
  world.machines.editFile(sandboxId, "app/index.html", "<h1>two</h1>");
  await leaveUntilPaused(world);
  const afterFirst = site.files()["index.html"];
  isAway = false;
  await world.ready();
  await leaveUntilPaused(world);

  expect(afterFirst).toBe("<h1>one</h1>");
  expect(site.files()["index.html"]).toBe("<h1>two</h1>");
});

test("files that came back as they were sealed are intact, and the resume is one", async () => {
  const { world, sandboxId } = await running(product(first).port);
  await leaveUntilPaused(world);
  expect((await world.record()).sealHash).toMatch(/^[0-9a-f]{64}$/);

  const view = await world.ready();

  expect(view).toMatchObject({ state: "running", sandboxId, cameBack: { how: "resumed" } });
  expect((await world.record()).sealHash).toBeUndefined();
});

test("a sandbox that came back with older files is put aside, paused and kept, and the preview is built anew", async () => {
  const site = product(first);
  const { world, sandboxId } = await running(site.port);
  await leaveUntilPaused(world);
  await world.ready();
  world.machines.editFile(sandboxId, "app/index.html", "<h1>two</h1>");
  await leaveUntilPaused(world);
  world.machines.rollBackFiles(sandboxId);

  const view = await world.ready();

  expect(view).toMatchObject({ state: "running", cameBack: { how: "rebuilt-cold" } });
  expect(view.sandboxId).not.toBe(sandboxId);
  expect(world.sandboxes().find((sandbox) => sandbox.sandboxId === sandboxId)?.state).toBe("paused");
  expect(world.running()).toHaveLength(1);
  expect(world.machines.fileText(String(view.sandboxId), "app/index.html")).toBe("<h1>two</h1>");
  expect(await notes(world)).toContainEqual(expect.objectContaining({ kind: "put-aside", sandboxId }));
  const moves = (await world.store.history(scope, 100)).filter((entry) => entry.kind === "moved");
  expect(moves.map(({ reason }) => reason)).toContain("files-damaged");
});

test("what was put aside is never adopted, woken or killed again", async () => {
  const { world, sandboxId } = await running(product(first).port);
  await leaveUntilPaused(world);
  world.machines.deleteFile(sandboxId, ".rekindle/generation");
  const second = await world.ready();
  await world.cloud.kill(String(second.sandboxId));

  world.emit("preview/check.due");
  await world.until(() => world.running().some((sandbox) => sandbox.sandboxId !== second.sandboxId));

  expect(world.sandboxes().find((sandbox) => sandbox.sandboxId === sandboxId)?.state).toBe("paused");
  expect(world.faults.count("sandboxes.kill")).toBe(0);
});

test("after a pause that was not ours only the generation counts: files that changed until then are intact", async () => {
  const { world, sandboxId } = await running(product(first).port);
  world.machines.editFile(sandboxId, "app/index.html", "<h1>two</h1>");
  await world.cloud.pause(sandboxId);

  world.emit("preview/check.due");
  await world.until(async () => (await world.record()).cameBack === "resumed");

  expect(await world.record()).toMatchObject({ state: "running", sandboxId });
  expect(world.machines.fileText(sandboxId, "app/index.html")).toBe("<h1>two</h1>");
});

test("newer files are brought into a running preview, and the server goes on", async () => {
  const site = product(first);
  const { world, sandboxId } = await running(site.port);
  const jobs = world.machines.startedJobs.length;
  site.become({ ...first, "index.html": "<h1>three</h1>" });

  await world.finish(() => world.rekindle.sync(scope));
  await world.until(async () => (await world.record()).revision === "r2");

  expect(world.machines.fileText(sandboxId, "app/index.html")).toBe("<h1>three</h1>");
  expect(world.machines.startedJobs).toHaveLength(jobs);
  expect(await notes(world)).toMatchObject([{ kind: "synced", revision: "r2", files: 1, overwritten: 0 }]);
  expect((await world.record()).syncAskedAt).toBeUndefined();
});

test.each([
  ["other dependencies", packageJson.replace("3.0.2", "3.0.3"), ["install.sh", "start.sh"]],
  ["another start command", packageJson.replace("node server.js", "node other.js"), ["start.sh"]],
])("newer files with %s are installed and started again as that needs", async (_case, manifest, scripts) => {
  const site = product(first);
  const { world } = await running(site.port);
  const jobs = world.machines.startedJobs.length;
  site.become({ ...first, "package.json": manifest });

  await world.finish(() => world.rekindle.sync(scope));
  await world.until(async () => (await world.record()).revision === "r2", 5 * MINUTE);

  expect(world.machines.startedJobs.slice(jobs).map(({ script }) => script)).toEqual(scripts);
  expect(await world.record()).toMatchObject({ state: "running" });
});

test("edits on a paused preview wait for its wake, wake nothing, and are there right after it", async () => {
  const site = product(first);
  const { world, sandboxId } = await running(site.port);
  await leaveUntilPaused(world);
  site.become({ ...first, "index.html": "<h1>three</h1>" });

  await world.finish(() => world.rekindle.sync(scope));
  await world.advance(5 * MINUTE);
  const whilePaused = [await world.record(), world.running().length] as const;
  await world.ready();
  await world.until(async () => (await world.record()).revision === "r2");

  expect(whilePaused).toMatchObject([{ state: "paused" }, 0]);
  expect(world.machines.fileText(sandboxId, "app/index.html")).toBe("<h1>three</h1>");
});

test("the product's files win over unsaved work, which is put aside and counted", async () => {
  const site = product(first);
  const { world, sandboxId } = await running(site.port);
  world.machines.editFile(sandboxId, "app/index.html", "<h1>by the agent</h1>");
  site.become({ ...first, "index.html": "<h1>by the person</h1>" });

  await leaveUntilPaused(world);
  await world.ready();
  await world.until(async () => (await world.record()).revision === "r2");

  expect(world.machines.fileText(sandboxId, "app/index.html")).toBe("<h1>by the person</h1>");
  const aside = world.machines.filePaths(sandboxId).find((path) => path.includes("overwritten/"));
  expect(world.machines.fileText(sandboxId, String(aside))).toBe("<h1>by the agent</h1>");
  expect(await notes(world)).toMatchObject([
    { kind: "synced", overwritten: 1 },
    { kind: "not-saved", why: "stale-base" },
  ]);
});

test("a sync whose worker dies is asked for again by the sweep", async () => {
  const site = product(first);
  const { world, sandboxId } = await running(site.port);
  site.become({ ...first, "index.html": "<h1>three</h1>" });
  world.faults.plan("sandboxes.writeFiles", { kind: "die-before" });
  for (let index = 0; index < 3; index += 1) world.faults.plan("store.askSync", { kind: "die-after" }, 1);

  await world.finish(() => world.rekindle.sync(scope));
  await world.beatFor(15 * MINUTE);

  expect(await world.record()).toMatchObject({ state: "running", revision: "r2" });
  expect(world.machines.fileText(sandboxId, "app/index.html")).toBe("<h1>three</h1>");
});

test("a project that does not come up on its new files is a failed start, and nothing of it runs", async () => {
  const site = product(first);
  const { world } = await running(site.port);
  world.machines.project.installExitCode = 1;
  site.become({ ...first, "package.json": packageJson.replace("3.0.2", "3.0.3") });

  await world.finish(() => world.rekindle.sync(scope));
  await world.until(async () => (await world.record()).state === "failed", 5 * MINUTE);
  await world.advance(30 * SECOND);

  expect(await world.record()).toMatchObject({ state: "failed", reason: "install-failed" });
  expect(world.running()).toEqual([]);
  expect(world.eventsNamed("preview/failed")).toHaveLength(1);
});

test("save gives changes back while it runs, and changes nothing of a preview that rests", async () => {
  const site = product(first);
  const { world, sandboxId } = await running(site.port);
  world.machines.editFile(sandboxId, "app/index.html", "<h1>two</h1>");

  const saved = await world.finish(() => world.rekindle.save(scope));
  await leaveUntilPaused(world);

  expect(saved).toMatchObject({ kind: "saved", revision: "r2", changed: 1 });
  expect(await world.finish(() => world.rekindle.save(scope))).toEqual({ kind: "not-running" });
});

test("a provider that stalls while the files are saved is paused all the same, and nothing wakes it afterwards", async () => {
  const { world, sandboxId } = await running(product(first).port);
  world.faults.plan("sandboxes.run", { kind: "stall", ms: 60 * SECOND });

  await world.leave();
  await world.until(async () => (await world.record()).state === "paused", 10 * MINUTE);
  await world.advance(5 * MINUTE);

  expect(world.running()).toEqual([]);
  expect((await world.record()).sealHash).toBeUndefined();
  expect(await world.ready()).toMatchObject({ sandboxId, cameBack: { how: "resumed" } });
});

test("a provider that fails at saving and sealing is paused unsealed", async () => {
  const { world } = await running(product(first).port);
  const away = new ProviderUnreachableError("run a command");
  world.faults.plan("sandboxes.run", { kind: "error-before", error: away });
  world.faults.plan("sandboxes.run", { kind: "error-before", error: away });

  await leaveUntilPaused(world);

  expect((await world.record()).sealHash).toBeUndefined();
  expect(world.running()).toEqual([]);
});
