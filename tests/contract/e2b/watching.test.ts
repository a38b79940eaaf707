/** The real SDK's watched folders, and the watchers that other clients fetch from, by rows of e2b.md §1.3 and §3.5. */
import { Sandbox, TimeoutError } from "e2b";
import { expect, test } from "vitest";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { callEnvd } from "./envd-client";
import { PATIENT, type StandIn, standIn } from "./stand-in";
import { watch } from "./watched-folder";

test("§1.3 a watched folder is told of for 60 s, unless it was asked otherwise", async () => {
  const clock = new VirtualClock();
  const { sdk } = await standIn({ clock });
  const sandbox = await Sandbox.create(sdk);
  const watched = await watch(sandbox, "", { timeoutMs: 60_000 });
  await clock.advance(60_000);
  const error = await watched.ended;
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error?.message).toContain("deadline_exceeded");
});

test("§3.5 a watcher keeps its events until they are fetched, once each, also through a pause", async () => {
  const stand = await standIn();
  const sandbox = await Sandbox.create(stand.sdk);
  const { sandboxId } = sandbox;
  const made = await callEnvd(stand, sandboxId, "filesystem.Filesystem/CreateWatcher", { path: "" });
  const { watcherId } = made.body;
  await sandbox.files.makeDir("a");
  const created = { name: "a", type: "EVENT_TYPE_CREATE" };
  await expect.poll(() => fetchedOf(stand, sandboxId, watcherId), PATIENT).toEqual([created]);
  expect(await fetchedOf(stand, sandboxId, watcherId)).toEqual([]);
  await sandbox.pause();
  await Sandbox.connect(sandboxId, stand.sdk);
  await sandbox.files.makeDir("b");
  await expect
    .poll(() => fetchedOf(stand, sandboxId, watcherId), PATIENT)
    .toEqual([{ ...created, name: "b" }]);
  const remove = () => callEnvd(stand, sandboxId, "filesystem.Filesystem/RemoveWatcher", { watcherId });
  expect(await remove()).toEqual({ status: 200, body: {} });
  expect(await remove()).toMatchObject({ status: 404, body: { code: "not_found" } });
});

async function fetchedOf(stand: StandIn, sandboxId: string, watcherId: unknown): Promise<unknown> {
  return (await callEnvd(stand, sandboxId, "filesystem.Filesystem/GetWatcherEvents", { watcherId })).body
    .events;
}
