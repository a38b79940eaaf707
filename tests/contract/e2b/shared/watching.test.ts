/** The real SDK's watched folders, and the watchers that other clients fetch from, by rows of e2b.md §1.3 and §3.5. */
import { FileNotFoundError, InvalidArgumentError, Sandbox } from "e2b";
import { expect, test } from "vitest";
import { e2bUnderTest } from "../e2b-under-test";
import { PATIENT } from "../stand-in";
import { watch } from "../watched-folder";

test("§3.5 what happens to a file is told in order: made, written, made executable, renamed, removed", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
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
  const { create } = await e2bUnderTest();
  const sandbox = await create();
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
  const { create } = await e2bUnderTest();
  const sandbox = await create();
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
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  await sandbox.files.makeDir("app");
  const watched = await watch(sandbox, "app");
  await sandbox.files.remove("app");
  await expect.poll(watched.told, PATIENT).toEqual(["remove ."]);
});

test("§3.3 gate 0.6.3: an event carries what is there, when it was asked for and something is", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
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
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  await sandbox.files.write("a.txt", "x");
  await expect(watch(sandbox, "none")).rejects.toBeInstanceOf(FileNotFoundError);
  await expect(watch(sandbox, "a.txt")).rejects.toBeInstanceOf(InvalidArgumentError);
});

test("§2.4 a pause ends a watched folder's stream, and so does a kill", async () => {
  const { sdk, create } = await e2bUnderTest();
  const sandbox = await create();
  const first = await watch(sandbox, "");
  await sandbox.pause();
  expect((await first.ended)?.message).toContain("unavailable");
  await Sandbox.connect(sandbox.sandboxId, sdk);
  const second = await watch(sandbox, "");
  await sandbox.kill();
  expect((await second.ended)?.message).toContain("killed or reached its end of life");
});
