/** What a look through a sandbox's files finds, by a real shell: with GNU's tools, and with those of other systems. */
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { WorkspaceUnreadableError } from "@/lib/errors";
import { fileList } from "@/lib/workspace/base";
import { defaultLimits, type WorkspaceLimits } from "@/lib/workspace/limits";
import { scanApp } from "@/lib/workspace/scan";
import { type RealWorkbench, realWorkbench } from "./workbench";

const hashOfA = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";

/** A find that knows nothing of GNU's own words, as on macOS; the hash then comes by way of files one by one. */
async function withoutGnu(): Promise<RealWorkbench> {
  const bench = await realWorkbench();
  const tools = join(bench.home, "tools");
  await mkdir(tools);
  const refuse = 'case " $* " in *" -printf "*|*" -fprintf "*) echo "unknown primary" >&2; exit 1;; esac';
  await writeFile(join(tools, "find"), `#!/bin/bash\n${refuse}\nPATH=\${PATH#*:} exec find "$@"\n`);
  await chmod(join(tools, "find"), 0o755);
  return { ...bench, ...(await realWorkbenchAt(bench, `${tools}:${process.env.PATH}`)) };
}

async function realWorkbenchAt(bench: RealWorkbench, path: string) {
  const { sandboxes } = bench;
  const run: typeof sandboxes.run = (sandboxId, script, options) =>
    sandboxes.run(sandboxId, script, { ...options, variables: { ...options.variables, PATH: path } });
  return { sandboxes: { ...sandboxes, run } };
}

describe.each([
  ["GNU's tools", () => realWorkbench()],
  ["the tools of other systems", withoutGnu],
])("with %s", (_name, workbench) => {
  test.each([
    "with space.txt",
    " leading and trailing ",
    "quo'te\".txt",
    "line\nbreak.txt",
    "trailing line break\n",
    "back\\slash.txt",
    "-rf",
    "$(id) `id` %s *?[a]",
    "tab\t.txt",
    "naïve 日本 🎈.txt",
    "__proto__",
    ".hidden",
  ])("a file named %j is found under its name, with its hash", async (name) => {
    const bench = await workbench();
    await bench.edit(`app/${name}`, "a");
    await bench.edit(`app/folder of ${name}/${name}`, "a");

    const { files } = await scan(bench);
    expect([...files.keys()].sort()).toEqual([name, `folder of ${name}/${name}`].sort());
    expect(files.get(name)).toMatchObject({ sizeBytes: 1, sha256: hashOfA });
  });

  test("nothing at all is an empty project, without base, seal or generation", async () => {
    expect(await scan(await workbench())).toMatchObject({
      base: undefined,
      generations: [],
      seal: "",
      files: new Map(),
      links: [],
    });
  });

  test("a file has no earlier time than a scan that began before it was written, and no later one than the next", async () => {
    const bench = await workbench();
    const before = await scan(bench);
    await bench.edit("app/a.txt", "a");
    const after = await scan(bench);
    const modifiedAt = after.files.get("a.txt")?.modifiedAt;
    expect(modifiedAt).toBeGreaterThanOrEqual(before.startedAt);
    expect(modifiedAt).toBeLessThanOrEqual(after.startedAt);
  });

  test("links are named and not followed", async () => {
    const bench = await workbench();
    await bench.edit("outside/secret.txt", "s");
    await bench.edit("app/a.txt", "a");
    await symlink("../outside", join(bench.home, "app/folder"));
    await symlink("a.txt", join(bench.home, "app/link.txt"));

    const { files, links } = await scan(bench);
    expect([...files.keys()]).toEqual(["a.txt"]);
    expect([...links].sort()).toEqual(["folder", "link.txt"]);
  });

  test("what installs and builds leave behind is not looked at, but for what the product gave", async () => {
    const bench = await workbench();
    for (const folder of ["node_modules/x", "deep/node_modules/x", ".git", ".next", "deep/.venv"]) {
      await bench.edit(`app/${folder}/a.txt`, "a");
    }
    await bench.edit("app/node_modules/x/given.txt", "a");
    await bench.edit("app/node_modules.txt", "a");
    await bench.sandboxes.writeFiles(bench.sandboxId, [fileList(["node_modules/x/given.txt"])]);

    const { files } = await scan(bench);
    expect([...files.keys()].sort()).toEqual(["node_modules.txt", "node_modules/x/given.txt"]);
    expect(files.get("node_modules/x/given.txt")).toMatchObject({ sizeBytes: 1, sha256: hashOfA });
  });

  test.each([
    ["there is no .gitignore", undefined, false],
    [".gitignore names it", "/dist\nbuild/\n", false],
    [".gitignore does not name it", "*.log\ndistant\n", true],
  ])("a build's folder at the root, when %s", async (_case, rules, isSeen) => {
    const bench = await workbench();
    if (rules !== undefined) await bench.edit("app/.gitignore", rules);
    for (const folder of ["dist", "build", "src/build"]) await bench.edit(`app/${folder}/a.txt`, "a");

    const seen = [...(await scan(bench)).files.keys()].filter((path) => path !== ".gitignore").sort();
    expect(seen).toEqual([...(isSeen ? ["build/a.txt", "dist/a.txt"] : []), "src/build/a.txt"]);
  });

  test("every .gitignore comes with its words, empty ones too", async () => {
    const bench = await workbench();
    await bench.edit("app/.gitignore", "*.log\n");
    await bench.edit("app/deep/er/.gitignore", "");

    const { ignoreFiles } = await scan(bench);
    expect(ignoreFiles).toEqual(
      new Map([
        ["", "*.log\n"],
        ["deep/er", ""],
      ]),
    );
  });

  test("a file above the limit has its size and no hash; at the limit it has one", async () => {
    const bench = await workbench();
    await bench.edit("app/at.txt", "12345");
    await bench.edit("app/above.txt", "123456");

    const { files } = await scan(bench, { ...defaultLimits, largestFileBytes: 5 });
    expect(files.get("at.txt")?.sha256).toHaveLength(64);
    expect(files.get("above.txt")).toEqual({ sizeBytes: 6, modifiedAt: expect.any(Number) });
  });

  test("a given path that a link has taken over is not looked at through it", async () => {
    const bench = await workbench();
    await bench.edit("outside/x/a.txt", "a");
    await mkdir(join(bench.home, "app"), { recursive: true });
    await symlink("../outside", join(bench.home, "app/node_modules"));
    await bench.sandboxes.writeFiles(bench.sandboxId, [fileList(["node_modules/x/a.txt"])]);

    expect((await scan(bench)).files.size).toBe(0);
  });
});

test("a name that is no text is counted, and harms no other", async () => {
  const bench = await realWorkbench();
  await bench.edit("app/a.txt", "a");
  await writeFile(Buffer.concat([Buffer.from(join(bench.home, "app/bad-")), Buffer.from([0xff])]), "x");

  const { files, unnameable } = await scan(bench);
  expect([...files.keys()]).toEqual(["a.txt"]);
  expect(unnameable).toEqual(["bad-\uFFFD"]);
});

test.each([
  ["breaks off", (whole: string) => whole.slice(0, 40)],
  ["is empty", () => ""],
  ["is something else", () => Buffer.from("hello").toString("base64")],
])("an answer that %s is refused, and may be tried again", async (_name, spoil) => {
  const bench = await realWorkbench();
  await bench.edit("app/a.txt", "a");
  const run: typeof bench.sandboxes.run = async (...args) => {
    const { exitCode, stdout } = await bench.sandboxes.run(...args);
    return { exitCode, stdout: spoil(stdout) };
  };
  const asking = scan({ ...bench, sandboxes: { ...bench.sandboxes, run } });
  await expect(asking).rejects.toThrow(WorkspaceUnreadableError);
  await expect(asking).rejects.toMatchObject({ retriable: true });
});

test("nothing of the look stays behind", async () => {
  const bench = await realWorkbench({ TMPDIR: "" });
  const temporary = join(bench.home, "tmp");
  await mkdir(temporary);
  const inside = await realWorkbench({ TMPDIR: temporary });
  await inside.edit("app/a.txt", "a");
  await scan(inside);
  expect(await bench.paths("tmp")).toEqual([]);
  await rm(temporary, { recursive: true });
  await expect(scan(inside)).rejects.toThrow();
});

const scan = (
  { sandboxes, sandboxId }: Pick<RealWorkbench, "sandboxes" | "sandboxId">,
  limits: WorkspaceLimits = defaultLimits,
) => scanApp(sandboxes, limits, { sandboxId, deadlineMs: 20_000, withSeal: true });
