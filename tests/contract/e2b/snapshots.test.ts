/** The real SDK's snapshot calls against the stand-in, by rows of e2b.md §1.3, §3.3 and §5.2. */
import { Sandbox, SandboxError, SandboxNotFoundError } from "e2b";
import { expect, test } from "vitest";
import { processesIn, standIn, startInBackground } from "./stand-in";

test("§5.2 a sandbox created from a snapshot has its files as they were, and goes its own way", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.write("app/page.txt", "first");
  const { snapshotId, names } = await sandbox.createSnapshot();
  expect([snapshotId, names]).toEqual([expect.stringMatching(/^[a-z0-9]{20}:default$/), []]);
  await sandbox.files.write("app/page.txt", "second");
  const [one, two] = await Promise.all([Sandbox.create(snapshotId, sdk), Sandbox.create(snapshotId, sdk)]);
  await one.files.write("app/page.txt", "third");
  const texts = await Promise.all([sandbox, one, two].map((each) => each.files.read("app/page.txt")));
  expect(texts).toEqual(["second", "third", "first"]);
  expect((await two.getInfo()).templateId).toBe(snapshotId.split(":")[0]);
});

test("§2.7 a snapshot leaves the sandbox's processes running, and the copy starts without any", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const pid = await startInBackground(sandbox, "sleep 1000");
  const { snapshotId } = await sandbox.createSnapshot();
  expect((await sandbox.commands.list()).map((command) => command.pid)).toEqual([pid]);
  expect(processesIn(sandbox.sandboxId).some((process) => process.standsStill)).toBe(false);
  const copy = await Sandbox.create(snapshotId, sdk);
  expect(await copy.commands.list()).toEqual([]);
});

test("§5.2 a snapshot survives its sandbox, by its name too", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.write("kept.txt", "kept");
  const { snapshotId, names } = await sandbox.createSnapshot({ name: "before-pause" });
  expect([snapshotId, names]).toEqual(["team/before-pause:default", ["team/before-pause"]]);
  await sandbox.kill();
  for (const reference of [snapshotId, "before-pause"]) {
    const copy = await Sandbox.create(reference, sdk);
    expect(await copy.files.read("kept.txt")).toBe("kept");
    expect((await copy.getInfo()).name).toBe("before-pause");
  }
});

test("§3.3 snapshots are listed by sandbox and name, page by page, and can be deleted once", async () => {
  const { sdk } = await standIn();
  const [sandbox, other] = await Promise.all([Sandbox.create(sdk), Sandbox.create(sdk)]);
  await other.createSnapshot();
  const made = [];
  for (const name of ["one", "two", "three"]) made.push((await sandbox.createSnapshot({ name })).snapshotId);
  const pages = sandbox.listSnapshots({ limit: 2 });
  const found = [...(await pages.nextItems()), ...(await pages.nextItems())];
  expect(pages.hasNext).toBe(false);
  expect(found.map(({ snapshotId }) => snapshotId).sort()).toEqual([...made].sort());
  const named = await Sandbox.listSnapshots({ ...sdk, name: "two" }).nextItems();
  expect(named).toEqual([{ snapshotId: "team/two:default", names: ["team/two"] }]);
  expect(await Sandbox.deleteSnapshot("team/two:default", sdk)).toBe(true);
  expect(await Sandbox.deleteSnapshot("team/two:default", sdk)).toBe(false);
  expect(await Sandbox.listSnapshots({ ...sdk, name: "two" }).nextItems()).toEqual([]);
});

test("§1.4 creating from a deleted snapshot is a SandboxError 404, and no empty sandbox", async () => {
  const { local, sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const { snapshotId } = await sandbox.createSnapshot();
  await Sandbox.deleteSnapshot(snapshotId, sdk);
  const refused = Sandbox.create(snapshotId, sdk);
  await expect(refused).rejects.toBeInstanceOf(SandboxError);
  await expect(refused).rejects.toMatchObject({ statusCode: 404 });
  expect(local.cloud.list()).toHaveLength(1);
});

test("§3.3 a snapshot of a paused or unknown sandbox is not found", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.pause();
  await expect(sandbox.createSnapshot()).rejects.toBeInstanceOf(SandboxNotFoundError);
  await expect(Sandbox.createSnapshot("imissing", sdk)).rejects.toBeInstanceOf(SandboxNotFoundError);
});
