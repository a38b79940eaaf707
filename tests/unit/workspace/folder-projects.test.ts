/** Projects that are folders on disk. */
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { InvalidRequestError, StaleBaseError, UnknownProjectError } from "@/lib/errors";
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

describe("saving", () => {
  const none = { changed: [], removed: [] };
  const text = (path: string, content: string) => ({ path, content });

  test("writes, adds and removes, byte for byte, and answers the revision that is then the newest", async () => {
    const folder = await folderWith({ "site/a.txt": "a", "site/old/b.txt": "b", "two/c.txt": "c" });
    const projects = folderProjects(folder);
    const bytes = new Uint8Array([0, 255, 10]);
    const changed = [text("a.txt", "A"), { path: "new/deep/d.bin", content: bytes }];

    const saved = await projects.save(site, { changed, removed: ["old/b.txt"] }, await revisionOf(folder));

    const { revision, files } = await projects.load(site);
    expect(saved).toBe(revision);
    expect(files.map(({ path, content }) => [path, Buffer.from(content).toString("hex")])).toEqual([
      ["a.txt", Buffer.from("A").toString("hex")],
      ["new/deep/d.bin", "00ff0a"],
    ]);
    expect((await readdir(join(folder, "site"))).sort()).toEqual(["a.txt", "new"]);
    expect((await readdir(folder)).sort()).toEqual(["site", "two"]);
  });

  test("lets a file take a folder's place, and a folder a file's", async () => {
    const folder = await folderWith({ "site/folder/a.txt": "a", "site/file": "f" });
    const changes = {
      changed: [text("folder", "now a file"), text("file/b.txt", "b")],
      removed: ["folder/a.txt", "file"],
    };
    await folderProjects(folder).save(site, changes, await revisionOf(folder));
    expect(await pathsOf(folder)).toEqual(["file/b.txt", "folder"]);
  });

  test("on a base that is not the newest any more is refused, and changes nothing", async () => {
    const folder = await folderWith({ "site/a.txt": "a" });
    const base = await revisionOf(folder);
    await writeFile(join(folder, "site/b.txt"), "theirs");
    const saving = folderProjects(folder).save(site, { ...none, changed: [text("a.txt", "A")] }, base);
    await expect(saving).rejects.toThrow(StaleBaseError);
    expect(await readFile(join(folder, "site/a.txt"), "utf8")).toBe("a");
  });

  test("again what was saved already is answered with the newest revision: an answer may have been lost", async () => {
    const folder = await folderWith({ "site/a.txt": "a", "site/b.txt": "b" });
    const projects = folderProjects(folder);
    const base = await revisionOf(folder);
    const changes = { changed: [text("a.txt", "A")], removed: ["b.txt"] };
    const first = await projects.save(site, changes, base);
    expect(await projects.save(site, changes, base)).toBe(first);
  });

  test("at the same time on the same base lets one in, and says to the other that its base is stale", async () => {
    const folder = await folderWith({ "site/a.txt": "a" });
    const projects = folderProjects(folder);
    const base = await revisionOf(folder);
    const saves = ["1", "2"].map((name) =>
      projects.save(site, { ...none, changed: [text("a.txt", name)] }, base),
    );
    const outcomes = (await Promise.allSettled(saves)).map(({ status }) => status);
    expect(outcomes).toEqual(["fulfilled", "rejected"]);
    expect(await readFile(join(folder, "site/a.txt"), "utf8")).toBe("1");
  });

  test.each([
    "../outside.txt",
    "a/../../outside.txt",
    "/outside.txt",
    "",
    "a\\b",
    "node_modules/x.js",
    "src/.git/config",
    "link/x.txt",
    "deep/link/x.txt",
  ])("a path %j is refused as changed and as removed, with nothing changed before it", async (path) => {
    const folder = await folderWith({
      "site/a.txt": "a",
      "site/deep/b.txt": "b",
      "outside/x.txt": "x",
      "outside.txt": "x",
    });
    await symlink(join(folder, "outside"), join(folder, "site/link"));
    await symlink(join(folder, "outside"), join(folder, "site/deep/link"));
    const base = await revisionOf(folder);
    for (const changes of [
      { changed: [text("a.txt", "A"), text(path, "evil")], removed: [] },
      { changed: [text("a.txt", "A")], removed: [path] },
    ]) {
      await expect(folderProjects(folder).save(site, changes, base)).rejects.toThrow(InvalidRequestError);
    }
    expect(await revisionOf(folder)).toBe(base);
    expect(await readFile(join(folder, "outside/x.txt"), "utf8")).toBe("x");
    expect(await readFile(join(folder, "outside.txt"), "utf8")).toBe("x");
  });

  test("over a link replaces the link, not what it leads to", async () => {
    const folder = await folderWith({ "site/a.txt": "a", "outside.txt": "x" });
    await symlink(join(folder, "outside.txt"), join(folder, "site/link.txt"));
    const changes = { ...none, changed: [text("link.txt", "mine")] };
    await folderProjects(folder).save(site, changes, await revisionOf(folder));
    expect(await readFile(join(folder, "outside.txt"), "utf8")).toBe("x");
    expect(await pathsOf(folder)).toEqual(["a.txt", "link.txt"]);
  });

  test("into a project that is not there is refused", async () => {
    const saving = folderProjects(await folderWith({})).save(site, none, "r1");
    await expect(saving).rejects.toThrow(UnknownProjectError);
  });
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
