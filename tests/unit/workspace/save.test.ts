/** Carrying what was done in a sandbox back to the product, in a real shell and in the virtual machine. */
import { mkdir, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { prepareProject } from "@/lib/boot/prepare";
import { ProviderUnreachableError } from "@/lib/errors";
import type { Sandboxes } from "@/lib/sandbox/port";
import type { ProjectFiles } from "@/lib/workspace/files";
import { defaultLimits, type WorkspaceLimits } from "@/lib/workspace/limits";
import { type SaveOutcome, saveChanges } from "@/lib/workspace/save";
import { packageJson, product, site, type Texts } from "../../support/product";
import { realWorkbench, type Workbench, workbenches } from "./workbench";

const first: Texts = {
  "package.json": packageJson,
  "src/a.txt": "a",
  "src/b.txt": "b",
  ".gitignore": "*.log\n",
};

describe.each(workbenches)("in %s", (_name, workbench) => {
  test("changed, added and removed files reach the product, and the answer is the new base", async () => {
    const { bench, shop, save } = await brought(await workbench());
    await bench.edit("app/src/a.txt", "A");
    await bench.edit("app/new/c.txt", "c");
    await bench.remove("app/src/b.txt");

    expect(await save()).toEqual({ kind: "saved", revision: "r2", changed: 2, removed: 1, leftOut: [] });
    expect(shop.files()).toEqual({
      "package.json": packageJson,
      ".gitignore": "*.log\n",
      "src/a.txt": "A",
      "new/c.txt": "c",
    });
    expect(await save()).toEqual({ kind: "nothing-to-save", leftOut: [] });
  });

  test("nothing changed costs one script run and no call of the product", async () => {
    const { bench, shop, save } = await brought(await workbench());
    bench.faults.calls.clear();
    shop.calls.length = 0;

    expect(await save()).toEqual({ kind: "nothing-to-save", leftOut: [] });
    expect([...bench.faults.calls]).toEqual([["sandboxes.run", 1]]);
    expect(shop.calls).toEqual([]);
  });

  test("what .gitignore names and what installs and builds leave behind is not saved", async () => {
    const { bench, save } = await brought(await workbench());
    await bench.edit("app/dev.log", "x");
    await bench.edit("app/node_modules/sirv/index.js", "x");
    await bench.edit("app/src/.next/cache", "x");

    expect(await save()).toEqual({ kind: "nothing-to-save", leftOut: [] });
  });

  test("what the product gave counts also where .gitignore or a build's folder would leave it out", async () => {
    const files = { ...first, "given.log": "1", "node_modules/vendored/a.js": "1" };
    const { bench, shop, save } = await brought(await workbench(), files);
    await bench.edit("app/given.log", "2");
    await bench.edit("app/node_modules/vendored/a.js", "2");

    expect(await save()).toMatchObject({ kind: "saved", changed: 2, removed: 0 });
    expect(shop.files()).toMatchObject({ "given.log": "2", "node_modules/vendored/a.js": "2" });
  });

  test("a save whose answer was lost is repeated with the same words, and saves once", async () => {
    const { bench, shop, save } = await brought(await workbench());
    await bench.edit("app/src/a.txt", "A");
    bench.faults.plan("sandboxes.writeFiles", {
      kind: "error-before",
      error: new ProviderUnreachableError("write files"),
    });

    await expect(save()).rejects.toThrow(ProviderUnreachableError);
    expect(await save()).toMatchObject({ kind: "saved", revision: "r2", changed: 1 });
    expect(shop.calls.filter((call) => call.startsWith("save"))).toEqual(["save on r1", "save on r1"]);
    expect(await save()).toMatchObject({ kind: "nothing-to-save" });
  });

  test("changes on a base that the product has left are refused, and stay", async () => {
    const { bench, shop, save } = await brought(await workbench());
    shop.become({ ...first, "src/b.txt": "theirs" });
    await bench.edit("app/src/a.txt", "A");

    expect(await save()).toEqual({ kind: "stale-base", changed: 1 });
    expect(await bench.text("app/src/a.txt")).toBe("A");
    expect(shop.files()["src/a.txt"]).toBe("a");
  });

  test("a product that takes no changes is said to, and keeps the count", async () => {
    const { bench, save, shop } = await brought(await workbench());
    await bench.edit("app/src/a.txt", "A");
    const { save: _none, ...readOnly } = shop.port;

    expect(await save({ files: readOnly })).toEqual({ kind: "not-supported", changed: 1 });
  });

  test("without a base nothing is known to have changed, and nothing is saved", async () => {
    const { bench, shop, save } = await brought(await workbench());
    await bench.edit("app/src/a.txt", "A");
    const leadingOut = { v: 1, revision: "r1", files: [["../../etc/passwd", "0".repeat(64)]] };
    for (const tampered of ["", "{}", "{", JSON.stringify(leadingOut)]) {
      await bench.edit(".rekindle/base", tampered);
      expect(await save()).toEqual({ kind: "no-base" });
    }
    expect(shop.calls).not.toContain("save on r1");
  });

  test("a file beyond the limits is named, and one that the product gave is never taken for removed", async () => {
    const { bench, shop, save } = await brought(await workbench(), { ...first, "large.bin": "x".repeat(50) });
    await bench.edit("app/also-large.bin", "y".repeat(50));
    await bench.edit("app/zz.txt", "z");

    expect(await save({ limits: { ...defaultLimits, largestFileBytes: 20 } })).toEqual({
      kind: "saved",
      revision: "r2",
      changed: 1,
      removed: 0,
      leftOut: [{ path: "also-large.bin", why: "too-large" }],
    });
    expect(shop.files()["large.bin"]).toBe("x".repeat(50));
  });

  test("of too many new files the first are saved and the others named", async () => {
    const { bench, save } = await brought(await workbench());
    for (const name of ["a1", "a2", "z1"]) await bench.edit(`app/${name}.txt`, name);

    const outcome = await save({ limits: { ...defaultLimits, mostFiles: 4 } });

    // The four first in the order of their paths: .gitignore, a1, a2, package.json.
    expect(outcome).toMatchObject({ kind: "saved", changed: 2, removed: 0 });
    expect(outcome).toHaveProperty("leftOut", [{ path: "z1.txt", why: "too-many" }]);
  });

  test("what is too much for one save comes with the next", async () => {
    const { bench, shop, save } = await brought(await workbench());
    for (const name of ["a1", "a2", "a3"]) await bench.edit(`app/${name}.txt`, name.repeat(5));
    const limits = { ...defaultLimits, mostSavedBytes: 20 };

    expect(await save({ limits })).toMatchObject({
      changed: 2,
      leftOut: [{ path: "a3.txt", why: "next-save" }],
    });
    expect(await save({ limits })).toMatchObject({ changed: 1, leftOut: [] });
    expect(shop.files()["a3.txt"]).toBe("a3a3a3a3a3");
  });
});

test("links are not saved but named, and what a link hides is not taken for removed", async () => {
  const bench = await realWorkbench();
  const { shop, save } = await brought(bench);
  await mkdir(join(bench.home, "elsewhere"));
  await rename(join(bench.home, "app/src"), join(bench.home, "elsewhere/src"));
  await symlink("../elsewhere/src", join(bench.home, "app/src"));

  expect(await save()).toEqual({ kind: "nothing-to-save", leftOut: [{ path: "src", why: "link" }] });
  expect(Object.keys(shop.files())).toContain("src/a.txt");
});

test("a folder that cannot be looked into is not taken for removed, and its files are named", async () => {
  const bench = await realWorkbench();
  const { shop, save, sandboxes } = await brought(bench);
  await bench.edit("app/src/a.txt", "A");
  // As find does where a folder is closed to it; root, as whom tests may run, is kept out of none.
  const closed = 'find() { command find "$@"; case " $* " in *" -prune "*) return 1;; esac; }\n';
  const run: typeof sandboxes.run = (sandboxId, script, options) =>
    sandboxes.run(sandboxId, closed + script, options);
  await bench.remove("app/src/b.txt");

  expect(await save({ sandboxes: { ...sandboxes, run } })).toMatchObject({
    kind: "saved",
    changed: 1,
    removed: 0,
    leftOut: [{ path: "src/b.txt", why: "unreadable" }],
  });
  expect(shop.files()["src/b.txt"]).toBe("b");
  expect(await save()).toMatchObject({ kind: "saved", changed: 0, removed: 1, leftOut: [] });
});

async function brought<W extends Workbench>(bench: W, files: Texts = first) {
  const shop = product(files);
  const { sandboxes, sandboxId } = bench;
  const target = { projectId: site, sandboxId, deadlineMs: 20_000 };
  await prepareProject({ sandboxes, source: shop.source(), beforeEachChange: async () => undefined }, target);
  const save = (
    parts: { limits?: WorkspaceLimits; files?: ProjectFiles; sandboxes?: Sandboxes } = {},
  ): Promise<SaveOutcome> =>
    saveChanges(
      {
        sandboxes: parts.sandboxes ?? sandboxes,
        source: shop.source(parts.files),
        ...(parts.limits ? { limits: parts.limits } : {}),
      },
      target,
    );
  return { bench, shop, save, sandboxes };
}
