/** The list of projects of a real folder. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findProject, listProjects } from "@/app/projects";

async function folderWith(manifests: Readonly<Record<string, string | undefined>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rekindle-projects-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [id, manifest] of Object.entries(manifests)) {
    await mkdir(join(folder, id));
    if (manifest !== undefined) await writeFile(join(folder, id, "package.json"), manifest);
  }
  return folder;
}

test("projects have the words of their package.json, sorted by name", async () => {
  const folder = await folderWith({
    two: '{"name":"Second"}',
    one: '{"name":"First","description":"The first."}',
  });
  expect(await listProjects(folder)).toEqual([
    { id: "one", name: "First", description: "The first." },
    { id: "two", name: "Second" },
  ]);
});

test("a project whose package.json is missing or broken is listed by its folder", async () => {
  const folder = await folderWith({ bare: undefined, broken: "{oops", odd: '{"name":7}' });
  expect((await listProjects(folder)).map(({ name }) => name)).toEqual(["bare", "broken", "odd"]);
});

test("files, links and folders that no id could name are left out", async () => {
  const folder = await folderWith({ good: "{}", "not an id": "{}" });
  await writeFile(join(folder, "file"), "");
  await symlink(tmpdir(), join(folder, "link"));
  expect((await listProjects(folder)).map(({ id }) => id)).toEqual(["good"]);
});

test.each(["nothing", "../good", "", "good/"])("there is no project %j", async (id) => {
  expect(await findProject(await folderWith({ good: "{}" }), id)).toBeUndefined();
});

test("a folder that cannot be read is an error, not an empty list", async () => {
  await expect(listProjects(join(tmpdir(), "rekindle-no-such-folder"))).rejects.toThrow("ENOENT");
});
