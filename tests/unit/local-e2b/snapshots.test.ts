/** Snapshots, by rows of e2b.md §1.3, §2.4, §3.3 and §5.2. */
import { expect, test } from "vitest";
import { snapshotIdOf } from "@/lib/local/e2b/semantics/snapshots";
import { fakeCloud } from "./fake-machines";

const base = { templateId: "base" };

async function running() {
  const fake = fakeCloud();
  const { sandboxId } = await fake.cloud.create(base);
  fake.machines.asked.length = 0;
  return { ...fake, sandboxId };
}

test("§2.7 a sandbox stands still while it is snapshotted, shows as running, and runs again", async () => {
  const { cloud, machines, sandboxId } = await running();
  const letSave = machines.hold("saveSnapshot");
  const saving = cloud.createSnapshot(sandboxId);
  expect(cloud.get(sandboxId).state).toBe("running");
  expect(cloud.isRunning(sandboxId)).toBe(false);
  letSave();
  await saving;
  expect(cloud.isRunning(sandboxId)).toBe(true);
  expect(machines.asked).toEqual(["stop", "saveSnapshot", "continue"]);
});

test("§2.4 while it is snapshotted a pause and a second snapshot are 409, a timeout too", async () => {
  const { cloud, machines, sandboxId } = await running();
  const letSave = machines.hold("saveSnapshot");
  const saving = cloud.createSnapshot(sandboxId);
  await expect(cloud.pause(sandboxId)).rejects.toMatchObject({
    status: 409,
    message: expect.stringContaining("cannot be paused while in 'snapshotting' state"),
  });
  await expect(cloud.createSnapshot(sandboxId)).rejects.toMatchObject({ status: 409 });
  expect(() => cloud.setTimeout(sandboxId, 60)).toThrow(expect.objectContaining({ status: 409 }));
  expect(() => cloud.updateNetwork(sandboxId)).toThrow(expect.objectContaining({ status: 409 }));
  const [connected, killed] = [cloud.connect(sandboxId, 60), cloud.kill(sandboxId)];
  letSave();
  expect(await connected).toMatchObject({ resumed: false });
  await Promise.all([saving, killed]);
  expect(cloud.views()).toEqual([]);
});

test("§3.3 a snapshot of a paused or unknown sandbox is 404, of one being paused 409", async () => {
  const { cloud, machines, sandboxId } = await running();
  const letStop = machines.hold("stop");
  const pausing = cloud.pause(sandboxId);
  await expect(cloud.createSnapshot(sandboxId)).rejects.toMatchObject({
    status: 409,
    message: `Sandbox '${sandboxId}' cannot be snapshotted while in 'pausing' state`,
  });
  letStop();
  await pausing;
  await expect(cloud.createSnapshot(sandboxId)).rejects.toMatchObject({ status: 404 });
  await expect(cloud.createSnapshot("imissing")).rejects.toMatchObject({ status: 404 });
});

test.each(["stop", "saveSnapshot"] as const)(
  "a snapshot whose %s is refused is 503 and leaves it running",
  async (effect) => {
    const { cloud, machines, sandboxId } = await running();
    machines.refuse(effect);
    await expect(cloud.createSnapshot(sandboxId)).rejects.toMatchObject({ status: 503 });
    expect(cloud.isRunning(sandboxId)).toBe(true);
    expect(cloud.listSnapshots().items).toEqual([]);
  },
);

test("a sandbox that a snapshot has left standing still is killed", async () => {
  const { cloud, machines, sandboxId } = await running();
  machines.refuse("continue");
  await expect(cloud.createSnapshot(sandboxId)).rejects.toMatchObject({ status: 500 });
  expect(cloud.views()).toEqual([]);
});

test("§2.1 a run that ends while it is snapshotted ends right after", async () => {
  const { cloud, clock, machines, sandboxId } = await running();
  const letSave = machines.hold("saveSnapshot");
  const saving = cloud.createSnapshot(sandboxId);
  await clock.advance(301_000);
  expect(cloud.get(sandboxId).state).toBe("running");
  letSave();
  await saving;
  await clock.advance(0);
  expect(cloud.views()).toEqual([]);
});

test("§5.2 sandboxes are created from a snapshot by its id, also after its sandbox was killed", async () => {
  const { cloud, machines, sandboxId } = await running();
  const ids = [snapshotIdOf(await cloud.createSnapshot(sandboxId, "Safe:v1"))];
  ids.push(snapshotIdOf(await cloud.createSnapshot(sandboxId)));
  expect(ids).toEqual(["team/safe:v1", expect.stringMatching(/^[a-z0-9]{20}:default$/)]);
  await cloud.kill(sandboxId);
  for (const templateId of ids) await cloud.create({ templateId });
  const fromSnapshots = machines.boots.slice(1).map(({ snapshotId }) => snapshotId);
  expect(fromSnapshots).toEqual(
    cloud
      .listSnapshots({ limit: 9 })
      .items.map(({ storageId }) => storageId)
      .reverse(),
  );
});

test("§5.2 a name that is taken holds the newer files; its tags are snapshots of their own", async () => {
  const { cloud, sandboxId } = await running();
  const first = await cloud.createSnapshot(sandboxId, "safe");
  const second = await cloud.createSnapshot(sandboxId, "team/safe");
  const tagged = await cloud.createSnapshot(sandboxId, "safe:v2");
  expect([second.templateId, tagged.templateId]).toEqual([first.templateId, first.templateId]);
  const listed = cloud.listSnapshots({ name: "safe" }).items;
  expect(listed.map(({ storageId }) => storageId).sort()).toEqual(
    [second.storageId, tagged.storageId].sort(),
  );
  expect(cloud.listSnapshots({ name: "safe:v2" }).items).toEqual([tagged]);
  expect(cloud.listSnapshots({ name: "unknown" }).items).toEqual([]);
  await expect(cloud.create({ templateId: "safe:v3" })).rejects.toMatchObject({
    status: 404,
    message: "tag 'v3' does not exist for template 'safe'",
  });
});

test.each([
  ["another team's", "other/safe", "namespace 'other' must match your team 'team'"],
  ["without letters", "", "Invalid name: invalid template ID: "],
  ["with spaces", "my snapshot", "Invalid name: invalid template ID: my snapshot"],
  ["with an empty tag", "safe:", "Invalid name: invalid tag: "],
])("§3.3 a snapshot's name that is %s is 400", async (_name, name, message) => {
  const { cloud, machines, sandboxId } = await running();
  await expect(cloud.createSnapshot(sandboxId, name)).rejects.toMatchObject({ status: 400, message });
  expect(machines.asked).toEqual([]);
});

test("§3.3 snapshots are listed by sandbox and page by page, newest first", async () => {
  const { cloud, clock, sandboxId } = await running();
  const other = await cloud.create(base);
  await cloud.createSnapshot(other.sandboxId);
  const mine: string[] = [];
  for (let times = 0; times < 3; times += 1) {
    await clock.advance(1);
    mine.unshift((await cloud.createSnapshot(sandboxId)).templateId);
  }
  const first = cloud.listSnapshots({ sandboxId, limit: 2 });
  const second = cloud.listSnapshots({ sandboxId, limit: 2, nextToken: first.nextToken });
  expect([...first.items, ...second.items].map(({ templateId }) => templateId)).toEqual(mine);
  expect(second.nextToken).toBeUndefined();
  expect(cloud.listSnapshots().items).toHaveLength(4);
});

test("§3.3 a deleted snapshot is gone: deleting it again and creating from it are 404", async () => {
  const { cloud, machines, sandboxId } = await running();
  const id = snapshotIdOf(await cloud.createSnapshot(sandboxId, "safe"));
  await cloud.createSnapshot(sandboxId, "safe");
  await cloud.deleteSnapshot(id);
  expect(machines.asked.filter((effect) => effect === "removeSnapshot")).toHaveLength(2);
  expect(cloud.listSnapshots().items).toEqual([]);
  const missing = { status: 404, message: "template 'safe' not found" };
  await expect(cloud.deleteSnapshot(id)).rejects.toMatchObject(missing);
  await expect(cloud.create({ templateId: id })).rejects.toMatchObject(missing);
  await expect(cloud.deleteSnapshot("base")).rejects.toMatchObject({ status: 404 });
});

test("a snapshot that sandboxes stand on is not deleted, running, starting or paused", async () => {
  const { cloud, machines, sandboxId } = await running();
  const id = snapshotIdOf(await cloud.createSnapshot(sandboxId, "safe"));
  const letStart = machines.hold("start");
  const starting = cloud.create({ templateId: id });
  const refusal = (use: string) => ({
    status: 400,
    message: expect.stringContaining(`are ${use} sandboxes`),
  });
  await expect(cloud.deleteSnapshot(id)).rejects.toMatchObject(refusal("running"));
  letStart();
  const { sandboxId: child } = await starting;
  await expect(cloud.deleteSnapshot(id)).rejects.toMatchObject(refusal("running"));
  await cloud.pause(child);
  await expect(cloud.deleteSnapshot(id)).rejects.toMatchObject(refusal("paused"));
  await cloud.kill(child);
  await cloud.deleteSnapshot(id);
});
