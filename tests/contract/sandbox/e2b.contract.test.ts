/** The E2B adapter through the real SDK, before the stand-in with real processes: what the core relies on. */
import { Sandbox } from "e2b";
import { expect, test, vi } from "vitest";
import { labels, standIn, still } from "./adapter-on-stand-in";

const mine = { app: labels.app, env: labels.env, previewId: labels.previewId };
const encode = (text: string) => new TextEncoder().encode(text);

test("a created sandbox is found by its labels, with its epoch, and not by those of another environment", async () => {
  const { sandboxes } = await standIn();

  const created = await sandboxes.create(labels, 60_000);

  expect(created.endsAt - created.startedAt).toBe(60_000);
  expect(await sandboxes.find(mine)).toMatchObject([{ ...created, state: "running", epoch: 3 }]);
  expect(await sandboxes.find({ ...mine, env: "other" })).toEqual([]);
});

test("an extension past the plan's hour answers the end to which the provider clamped it in silence", async () => {
  const { sandboxes } = await standIn({ maxRunMs: 120_000 });
  const { sandboxId, startedAt } = await sandboxes.create(labels, 60_000);

  const extended = await sandboxes.extend(sandboxId, 3_600_000);

  expect(extended).toEqual({ kind: "extended", startedAt, endsAt: startedAt + 120_000 });
});

test("a pause is one also the second time; connecting starts a new run, and on a running one shortens nothing", async () => {
  const { sandboxes } = await standIn();
  const created = await sandboxes.create(labels, 60_000);
  const { sandboxId } = created;

  const pauses = [await sandboxes.pause(sandboxId), await sandboxes.pause(sandboxId)];
  const resting = await sandboxes.observe(sandboxId);
  const resumed = await sandboxes.connect(sandboxId, 60_000);
  const again = await sandboxes.connect(sandboxId, 1_000);

  expect(pauses).toEqual(["paused", "paused"]);
  expect(resting.kind).toBe("paused");
  expect(resumed.sandboxId).toBe(sandboxId);
  expect(resumed.startedAt).toBeGreaterThan(created.startedAt);
  expect(again).toEqual(resumed);
});

test("an extension of a paused sandbox says that it is paused, and wakes it not", async () => {
  const { sandboxes } = await standIn();
  const { sandboxId } = await sandboxes.create(labels, 60_000);
  await sandboxes.pause(sandboxId);

  expect((await sandboxes.extend(sandboxId, 60_000)).kind).toBe("paused");
  expect((await sandboxes.observe(sandboxId)).kind).toBe("paused");
});

test("a full plan is told as such, from the count of what runs", async () => {
  const { sandboxes } = await standIn({ maxConcurrent: 1 });
  await sandboxes.create(labels, 60_000);

  await expect(sandboxes.create(labels, 60_000)).rejects.toMatchObject({ code: "provider-capacity" });
});

test("files are written, commands run to their exit codes, and what they print comes back", async () => {
  const { sandboxes } = await standIn();
  const { sandboxId } = await sandboxes.create(labels, 60_000);

  await sandboxes.writeFiles(sandboxId, [
    { path: "app/a.txt", content: encode("hello\n") },
    { path: "app/deep/b.bin", content: new Uint8Array([0, 255, 10]).subarray(1) },
  ]);
  const read = await sandboxes.run(sandboxId, 'cat "$HOME/app/a.txt"; od -An -tu1 app/deep/b.bin', still);
  const failed = await sandboxes.run(sandboxId, 'echo "$WORD"; exit 3', {
    ...still,
    variables: { WORD: "$(id)" },
  });

  expect(read).toEqual({ exitCode: 0, stdout: "hello\n 255  10\n" });
  expect(failed).toEqual({ exitCode: 3, stdout: "$(id)\n" });
});

test("what is started in the background lives on after its request, and another worker finds it", async () => {
  const { sandboxes, adapter } = await standIn();
  const { sandboxId } = await sandboxes.create(labels, 60_000);

  await sandboxes.startInBackground(sandboxId, "sleep 0.3; echo done > late.txt; sleep 60", still);

  const other = adapter();
  await vi.waitFor(
    async () => {
      expect((await other.run(sandboxId, "cat late.txt", still)).stdout).toBe("done\n");
    },
    { timeout: 20_000 },
  );
});

test("work in a paused sandbox is refused by who knew it running, and does not wake it", async () => {
  const { sandboxes, adapter } = await standIn();
  const { sandboxId } = await sandboxes.create(labels, 60_000);
  await sandboxes.run(sandboxId, "true", still);
  await adapter().pause(sandboxId);

  await expect(sandboxes.run(sandboxId, "true", still)).rejects.toMatchObject({ code: "provider-busy" });

  expect((await sandboxes.observe(sandboxId)).kind).toBe("paused");
});

test("writing into a paused sandbox is refused by who knew it running, and does not wake it", async () => {
  const { sandboxes, adapter } = await standIn();
  const { sandboxId } = await sandboxes.create(labels, 60_000);
  await adapter().pause(sandboxId);

  const writing = sandboxes.writeFiles(sandboxId, [{ path: "x", content: encode("x") }]);
  await expect(writing).rejects.toMatchObject({ code: "provider-busy" });

  expect((await sandboxes.observe(sandboxId)).kind).toBe("paused");
});

test("work in a sandbox that was killed from outside finds it gone, and so does everything else", async () => {
  const { local, sandboxes } = await standIn();
  const { sandboxId } = await sandboxes.create(labels, 60_000);
  await sandboxes.run(sandboxId, "true", still);
  await local.cloud.killBehindTheBack(sandboxId);

  await expect(sandboxes.run(sandboxId, "true", still)).rejects.toMatchObject({ code: "sandbox-gone" });
  await expect(sandboxes.connect(sandboxId, 60_000)).rejects.toMatchObject({ code: "sandbox-gone" });
  expect(await sandboxes.observe(sandboxId)).toEqual({ kind: "gone" });
  expect(await sandboxes.extend(sandboxId, 60_000)).toEqual({ kind: "gone" });
  expect(await sandboxes.pause(sandboxId)).toBe("gone");
  expect(await sandboxes.kill(sandboxId)).toBe(false);
});

test("a command that outlives its deadline is given up, and the sandbox is not taken for gone", async () => {
  const { sandboxes } = await standIn();
  const { sandboxId } = await sandboxes.create(labels, 60_000);

  await expect(
    sandboxes.run(sandboxId, "sleep 30", { variables: {}, deadlineMs: 500 }),
  ).rejects.toMatchObject({ code: "provider-busy", retriable: true });
});

test("the same processes go on after a pause: they stood still", async () => {
  const { sandboxes } = await standIn();
  const { sandboxId } = await sandboxes.create(labels, 60_000);
  const counter =
    'i=0; while true; do i=$((i+1)); echo "$$ $i" > count.new; mv count.new count; sleep 0.05; done';
  await sandboxes.startInBackground(sandboxId, counter, still);
  const count = async () => (await sandboxes.run(sandboxId, "cat count", still)).stdout.trim().split(" ");
  await vi.waitFor(async () => expect(Number((await count())[1])).toBeGreaterThan(2), { timeout: 20_000 });
  const [pid] = await count();

  await sandboxes.pause(sandboxId);
  await sandboxes.connect(sandboxId, 60_000);

  expect((await count())[0]).toBe(pid);
});

test("a listing shows this app's and environment's, or one user's among them, with all their labels", async () => {
  const { sandboxes } = await standIn();
  const ticketed = { ...labels, ticket: "t0123456789" };
  const { sandboxId } = await sandboxes.create(ticketed, 60_000);
  await sandboxes.create({ ...labels, env: "other" }, 60_000);

  const ours = { app: labels.app, env: labels.env };
  expect((await sandboxes.listPage(ours)).sandboxes).toMatchObject([{ sandboxId, labels: ticketed }]);
  expect((await sandboxes.listPage({ ...ours, userId: labels.userId })).sandboxes).toHaveLength(1);
  expect((await sandboxes.listPage({ ...ours, userId: "somebody-else" })).sandboxes).toEqual([]);
});

test("the snapshots of a sandbox outlive it, and are deleted once it is gone", async () => {
  const { local, sandboxes } = await standIn();
  const { sandboxId } = await sandboxes.create(labels, 60_000);
  const connection = { apiKey: local.apiKey, apiUrl: local.apiUrl };
  const { snapshotId } = await Sandbox.createSnapshot(sandboxId, connection);

  expect(await sandboxes.snapshotsOf(sandboxId)).toEqual([snapshotId]);
  await sandboxes.kill(sandboxId);

  expect(await sandboxes.snapshotsOf(sandboxId)).toEqual([snapshotId]);
  expect(await sandboxes.deleteSnapshot(snapshotId)).toBe(true);
  expect(await sandboxes.deleteSnapshot(snapshotId)).toBe(false);
  expect(await sandboxes.snapshotsOf(sandboxId)).toEqual([]);
});
