/** Projects that are folders on disk. */
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UnknownProjectError } from "@/lib/errors";
import { projectIdSchema } from "@/lib/ids";
import { folderProjects } from "@/lib/workspace/folder-projects";
import { folderWith } from "./temporary-folder";

const site = projectIdSchema.parse("site");

test("a project's files come with paths relative to it, in one order, byte for byte", async () => {
  const bytes = new Uint8Array([0, 255, 10, 13, 128]);
  const folder = await folderWith({ "site/b.txt": "b", "site/a/deep/icon.png": bytes, "site/a.txt": "a" });
  const { files } = await folderProjects(folder).load(site);
  expect(files.map(({ path }) => path)).toEqual(["a.txt", "a/deep/icon.png", "b.txt"]);
  expect(Buffer.from(files[1]?.content ?? "")).toEqual(Buffer.from(bytes));
});

test("a project does not contain its neighbours' files", async () => {
  const folder = await folderWith({ "site/a.txt": "a", "site-two/b.txt": "b", "c.txt": "c" });
  expect(await pathsOf(folder)).toEqual(["a.txt"]);
});

test("load answers with the revision that revision answers with", async () => {
  const projects = folderProjects(await folderWith({ "site/a.txt": "a" }));
  expect((await projects.load(site)).revision).toBe(await projects.revision(site));
});

test("the revision stays when nothing changed, for another reader and another place too", async () => {
  const files = { "site/a.txt": "a", "site/b/c.txt": "c" };
  const folder = await folderWith(files);
  const revision = await revisionOf(folder);
  expect(await revisionOf(folder)).toBe(revision);
  expect(await revisionOf(await folderWith(files))).toBe(revision);
});

test("the revision stays when a file is written again with the same content", async () => {
  const folder = await folderWith({ "site/a.txt": "a" });
  const before = await revisionOf(folder);
  await writeFile(join(folder, "site/a.txt"), "a");
  expect(await revisionOf(folder)).toBe(before);
});

test.each<[string, (root: string) => Promise<void>]>([
  ["a file's content changes", (root) => writeFile(join(root, "a.txt"), "A")],
  ["a file is renamed", (root) => rename(join(root, "a.txt"), join(root, "z.txt"))],
  ["a file is moved into a folder", (root) => rename(join(root, "a.txt"), join(root, "b/a.txt"))],
  ["an empty file is added", (root) => writeFile(join(root, "empty.txt"), "")],
  ["a file is removed", (root) => rm(join(root, "a.txt"))],
  ["two files exchange their contents", exchange],
  ["content moves from one file's end to the next one's start", (root) => shift(root)],
])("the revision changes when %s", async (_name, change) => {
  const folder = await folderWith({ "site/a.txt": "one", "site/b/c.txt": "two" });
  const before = await revisionOf(folder);
  await change(join(folder, "site"));
  expect(await revisionOf(folder)).not.toBe(before);
});

test.each(["node_modules", ".next", ".git", ".local"])(
  "%s is left out at every depth, and does not move the revision",
  async (name) => {
    const folder = await folderWith({ "site/a.txt": "a", "site/sub/b.txt": "b" });
    const before = await revisionOf(folder);
    for (const place of ["site", "site/sub"]) {
      await mkdir(join(folder, place, name));
      await writeFile(join(folder, place, name, "left-behind.js"), "x");
    }
    expect(await pathsOf(folder)).toEqual(["a.txt", "sub/b.txt"]);
    expect(await revisionOf(folder)).toBe(before);
  },
);

test("files whose names begin with a dot belong to the project", async () => {
  const folder = await folderWith({ "site/.env": "A=1", "site/.gitignore": "x" });
  expect(await pathsOf(folder)).toEqual([".env", ".gitignore"]);
});

test("links to files and to folders are left out, wherever they lead", async () => {
  const folder = await folderWith({ "site/a.txt": "a", "outside/secret.txt": "s" });
  await symlink(join(folder, "outside/secret.txt"), join(folder, "site/secret.txt"));
  await symlink(join(folder, "outside"), join(folder, "site/outside"));
  await symlink("a.txt", join(folder, "site/inside.txt"));
  expect(await pathsOf(folder)).toEqual(["a.txt"]);
});

test("a folder without files is a project without files", async () => {
  const folder = await folderWith({});
  await mkdir(join(folder, "site"));
  expect(await pathsOf(folder)).toEqual([]);
});

test.each<[string, (folder: string) => Promise<unknown>]>([
  ["nothing of that name is there", async () => undefined],
  ["a file of that name is there", (folder) => writeFile(join(folder, "site"), "")],
  ["a link to a folder is there", (folder) => symlink(join(folder, "other"), join(folder, "site"))],
])("a project is unknown when %s", async (_name, arrange) => {
  const folder = await folderWith({ "other/a.txt": "a" });
  await arrange(folder);
  const projects = folderProjects(folder);
  await expect(projects.load(site)).rejects.toThrow(UnknownProjectError);
  await expect(projects.revision(site)).rejects.toThrow(UnknownProjectError);
});

test("a place that cannot be looked at is an error of its own, not an unknown project", async () => {
  const folder = await folderWith({ "projects/not-a-folder": "" });
  const reading = folderProjects(join(folder, "projects/not-a-folder")).load(site);
  await expect(reading).rejects.toMatchObject({ code: "ENOTDIR" });
});

async function pathsOf(folder: string): Promise<string[]> {
  return (await folderProjects(folder).load(site)).files.map(({ path }) => path);
}

function revisionOf(folder: string): Promise<string> {
  return folderProjects(folder).revision(site);
}

async function exchange(root: string): Promise<void> {
  await writeFile(join(root, "a.txt"), "two");
  await writeFile(join(root, "b/c.txt"), "one");
}

async function shift(root: string): Promise<void> {
  await writeFile(join(root, "a.txt"), "on");
  await writeFile(join(root, "b/c.txt"), "etwo");
}
