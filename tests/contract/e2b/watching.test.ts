/** The real SDK's watched folders, and the watchers that other clients fetch from, by rows of e2b.md §1.3 and §3.5. */
import { FileNotFoundError, type FilesystemEvent, InvalidArgumentError, Sandbox, TimeoutError } from "e2b";
import { expect, test } from "vitest";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { callEnvd } from "./envd-client";
import { PATIENT, type StandIn, standIn } from "./stand-in";

interface Watched {
  readonly events: FilesystemEvent[];
  /** Each as `type name`, repetitions in a row left out: how often a write is told is the machine's business. */
  told(): string[];
  readonly ended: Promise<Error | undefined>;
  stop(): Promise<void>;
}

async function watch(
  sandbox: Sandbox,
  path: string,
  options: { recursive?: boolean; includeEntry?: boolean; timeoutMs?: number } = {},
): Promise<Watched> {
  const events: FilesystemEvent[] = [];
  let end: (error: Error | undefined) => void = () => undefined;
  const ended = new Promise<Error | undefined>((resolve) => {
    end = resolve;
  });
  const handle = await sandbox.files.watchDir(path, (event) => void events.push(event), {
    timeoutMs: 0,
    ...options,
    onExit: (error) => end(error),
  });
  const told = () =>
    events.map(({ type, name }) => `${type} ${name}`).filter((text, at, all) => text !== all[at - 1]);
  return { events, told, ended, stop: () => handle.stop() };
}

test("§3.5 what happens to a file is told in order: made, written, made executable, renamed, removed", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.makeDir("app");
  const watched = await watch(sandbox, "app");
  await sandbox.files.write("app/a.txt", "x");
  await expect.poll(watched.told, PATIENT).toContain("write a.txt");
  await sandbox.commands.run("chmod +x app/a.txt");
  await expect.poll(watched.told, PATIENT).toContain("chmod a.txt");
  await sandbox.files.write("app/a.txt", "longer");
  await expect.poll(() => watched.told().at(-1), PATIENT).toBe("write a.txt");
  await sandbox.files.rename("app/a.txt", "app/b.txt");
  await expect.poll(watched.told, PATIENT).toContain("create b.txt");
  await sandbox.files.remove("app/b.txt");
  await expect.poll(watched.told, PATIENT).toContain("remove b.txt");
  expect(watched.told()).toEqual([
    "create a.txt",
    "write a.txt",
    "chmod a.txt",
    "write a.txt",
    "rename a.txt",
    "create b.txt",
    "remove b.txt",
  ]);
  await watched.stop();
});

test("§3.5 a folder tells nothing of what is below it, unless it is watched with all below", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.makeDir("app/d");
  const flat = await watch(sandbox, "app");
  const deep = await watch(sandbox, "app", { recursive: true });
  await sandbox.files.write("app/d/e/f.txt", "x");
  await expect.poll(deep.told, PATIENT).toEqual(expect.arrayContaining(["create d/e", "create d/e/f.txt"]));
  await sandbox.files.write("app/d/e/f.txt", "longer");
  await expect.poll(deep.told, PATIENT).toContain("write d/e/f.txt");
  await sandbox.files.write("app/last.txt", "x");
  await expect.poll(flat.told, PATIENT).toContain("create last.txt");
  expect(flat.told().filter((text) => text.includes("/"))).toEqual([]);
});

test("§3.5 a renamed folder is watched under its new name, and a removed one no more", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.write("app/old/in/a.txt", "x");
  const watched = await watch(sandbox, "app", { recursive: true });
  await sandbox.files.rename("app/old", "app/new");
  await expect.poll(watched.told, PATIENT).toEqual(["rename old", "create new"]);
  await sandbox.files.write("app/new/in/a.txt", "longer");
  await expect.poll(watched.told, PATIENT).toContain("write new/in/a.txt");
  await sandbox.files.remove("app/new");
  await expect.poll(() => watched.told().at(-1), PATIENT).toBe("remove new");
  await sandbox.files.write("app/last.txt", "x");
  await expect.poll(watched.told, PATIENT).toContain("create last.txt");
});

test("§3.5 a watched folder that is removed says so", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.makeDir("app");
  const watched = await watch(sandbox, "app");
  await sandbox.files.remove("app");
  await expect.poll(watched.told, PATIENT).toEqual(["remove ."]);
});

test("§3.3 gate 0.6.3: an event carries what is there, when it was asked for and something is", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.makeDir("app");
  const watched = await watch(sandbox, "app", { includeEntry: true });
  await sandbox.files.write("app/a.txt", "hello", { metadata: { k: "v" } });
  await expect.poll(watched.told, PATIENT).toContain("write a.txt");
  await sandbox.files.remove("app/a.txt");
  await expect.poll(watched.told, PATIENT).toContain("remove a.txt");
  const entryOf = (type: string) => watched.events.find((event) => event.type === type)?.entry;
  expect(entryOf("create")).toMatchObject({ path: "/home/user/app/a.txt", type: "file", owner: "user" });
  expect(entryOf("remove")).toBeUndefined();
});

test("§3.5 a folder that is not there is not found, and a file is not watched", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.write("a.txt", "x");
  await expect(watch(sandbox, "none")).rejects.toBeInstanceOf(FileNotFoundError);
  await expect(watch(sandbox, "a.txt")).rejects.toBeInstanceOf(InvalidArgumentError);
});

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

test("§2.4 a pause ends a watched folder's stream, and so does a kill", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const first = await watch(sandbox, "");
  await sandbox.pause();
  expect((await first.ended)?.message).toContain("unavailable");
  await Sandbox.connect(sandbox.sandboxId, sdk);
  const second = await watch(sandbox, "");
  await sandbox.kill();
  expect((await second.ended)?.message).toContain("killed or reached its end of life");
});

async function fetchedOf(stand: StandIn, sandboxId: string, watcherId: unknown): Promise<unknown> {
  return (await callEnvd(stand, sandboxId, "filesystem.Filesystem/GetWatcherEvents", { watcherId })).body
    .events;
}

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
