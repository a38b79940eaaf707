/** What stands in a sandbox's home after a project was brought there, by a real shell in a folder that is its home. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { prepareProject } from "@/lib/boot/prepare";
import { systemClock } from "@/lib/clock";
import { NoRecipeError } from "@/lib/errors";
import { projectIdSchema, sandboxIdSchema } from "@/lib/ids";
import type { Sandboxes } from "@/lib/sandbox/port";

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

async function emptyHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "rekindle-home-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return home;
}

function prepare(home: string, project: Readonly<Record<string, string>>) {
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
    },
    {
      projectId: projectIdSchema.parse("site"),
      sandboxId: sandboxIdSchema.parse("iabcdefghij0123456789"),
      deadlineMs: 20_000,
    },
  );
}

/** Files and commands of a sandbox; its life is nobody's business here. */
function homeOnDisk(home: string): Sandboxes {
  const notHere = () => Promise.reject(new Error("not part of preparing a project"));
  return {
    create: notHere,
    connect: notHere,
    observe: notHere,
    extend: notHere,
    pause: notHere,
    kill: notHere,
    find: notHere,
    startInBackground: notHere,
    async writeFiles(_sandboxId, files) {
      for (const { path, content } of files) {
        await mkdir(dirname(join(home, path)), { recursive: true });
        await writeFile(join(home, path), content);
      }
    },
    async run(_sandboxId, script, { variables, deadlineMs }) {
      const { stdout } = await promisify(execFile)("bash", ["-c", script], {
        cwd: home,
        env: { ...process.env, HOME: home, ...variables },
        timeout: deadlineMs,
      });
      return { exitCode: 0, stdout };
    },
  };
}
