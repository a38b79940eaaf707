/** What stands in a sandbox's home after a project was brought there, by a real shell in a folder that is its home. */
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type PrepareParts, prepareProject } from "@/lib/boot/prepare";
import { systemClock } from "@/lib/clock";
import { NoRecipeError } from "@/lib/errors";
import { projectIdSchema } from "@/lib/ids";
import { emptyHome, homeOnDisk, someSandbox } from "../../support/home-on-disk";

const manifest = JSON.stringify({ scripts: { dev: "node server.js" }, dependencies: { sirv: "3.0.2" } });

test("files, scripts and the port are there, and the answer holds no contents", async () => {
  const home = await emptyHome();
  const prepared = await prepare(home, { "package.json": manifest, "src/deep/a.txt": "a" });
  expect(prepared).toEqual({ revision: "r1", port: 3000 });
  expect(await readFile(join(home, "app/src/deep/a.txt"), "utf8")).toBe("a");
  expect(await readFile(join(home, ".rekindle/install.sh"), "utf8")).toBe("export PORT=3000\nnpm i\n");
  expect(await readFile(join(home, ".rekindle/start.sh"), "utf8")).toBe("export PORT=3000\nnpm run dev\n");
});

test("the revision before is removed, and what the project made itself stays", async () => {
  const home = await emptyHome();
  await prepare(home, { "package.json": manifest, "old name.txt": "old", "-rf": "an odd name" });
  await writeFile(join(home, "app/made-by-the-project.db"), "");
  await prepare(home, { "package.json": manifest, "new.txt": "new" });
  expect((await readdir(join(home, "app"))).sort()).toEqual([
    "made-by-the-project.db",
    "new.txt",
    "package.json",
  ]);
});

test("a line break in a file's name removes nothing outside the project", async () => {
  const home = await emptyHome();
  const outside = join(home, "outside.txt");
  await writeFile(outside, "mine");
  await prepare(home, { "package.json": manifest, [`a\n${outside}`]: "x" });
  await prepare(home, { "package.json": manifest });
  expect(await readFile(outside, "utf8")).toBe("mine");
});

test("a link in a folder's place leads the removal to nothing outside the project", async () => {
  const home = await emptyHome();
  await prepare(home, { "package.json": manifest, "src/a.txt": "a" });
  await rm(join(home, "app/src"), { recursive: true });
  await mkdir(join(home, "elsewhere"));
  await writeFile(join(home, "elsewhere/a.txt"), "mine");
  await symlink("../elsewhere", join(home, "app/src"));
  await prepare(home, { "package.json": manifest });
  expect(await readFile(join(home, "elsewhere/a.txt"), "utf8")).toBe("mine");
});

test("the base tells what was brought and under which revision, and the generation which boot did it", async () => {
  const home = await emptyHome();
  const prepared = await prepare(home, { "package.json": manifest, "a.txt": "a" }, "f00d");
  expect(prepared).toEqual({ revision: "r1", port: 3000, generation: "f00d" });
  expect(await readFile(join(home, ".rekindle/generation"), "utf8")).toBe("f00d\n");
  expect(JSON.parse(await readFile(join(home, ".rekindle/base"), "utf8"))).toMatchObject({
    revision: "r1",
    files: [
      ["package.json", expect.stringMatching(/^[0-9a-f]{64}$/)],
      ["a.txt", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"],
    ],
  });
});

test("a boot that broke off leaves no base, and what it had brought is removed by the next one", async () => {
  const home = await emptyHome();
  await prepare(home, { "package.json": manifest });
  expect(await readdir(join(home, ".rekindle"))).toContain("base");
  const many = Array.from({ length: 250 }, (_, index): [string, string] => [`many/${index}.txt`, ""]);
  let changes = 0;
  const breaksOff = async () => {
    changes += 1;
    if (changes > 3) throw new Error("taken over");
  };
  const files = { "package.json": manifest, ...Object.fromEntries(many) };
  await expect(prepare(home, files, undefined, { beforeEachChange: breaksOff })).rejects.toThrow();
  expect(await readdir(join(home, ".rekindle"))).not.toContain("base");
  expect((await readdir(join(home, "app/many"))).length).toBeGreaterThan(0);
  await prepare(home, { "package.json": manifest });
  expect(await readdir(join(home, "app/many"))).toEqual([]);
});

test("more files than one request takes all arrive", async () => {
  const home = await emptyHome();
  const many = Array.from({ length: 450 }, (_, index) => [`many/${index}.txt`, ""]);
  await prepare(home, { "package.json": manifest, ...Object.fromEntries(many) });
  expect(await readdir(join(home, "app/many"))).toHaveLength(450);
});

test("a project without a recipe is refused before the sandbox is touched", async () => {
  const home = await emptyHome();
  await expect(prepare(home, { "index.html": "<h1>Hi</h1>" })).rejects.toThrow(NoRecipeError);
  expect(await readdir(home)).toEqual([]);
});

function prepare(
  home: string,
  project: Readonly<Record<string, string>>,
  generation?: string,
  parts: Partial<PrepareParts> = {},
) {
  const files = Object.entries(project).map(([path, content]) => ({ path, content }));
  return prepareProject(
    {
      sandboxes: homeOnDisk(home),
      source: {
        files: { revision: async () => "r1", load: async () => ({ revision: "r1", files }) },
        clock: systemClock,
        deadlineMs: 20_000,
      },
      beforeEachChange: async () => undefined,
      ...parts,
    },
    {
      projectId: projectIdSchema.parse("site"),
      sandboxId: someSandbox,
      deadlineMs: 20_000,
      generation,
    },
  );
}
