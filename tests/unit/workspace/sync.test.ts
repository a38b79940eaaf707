/** Bringing the newest revision into a sandbox that runs, in a real shell and in the virtual machine. */
import { mkdir, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { prepareProject } from "@/lib/boot/prepare";
import { LeaseLostError, NoRecipeError, ProviderUnreachableError } from "@/lib/errors";
import type { ProjectFiles } from "@/lib/workspace/files";
import { saveChanges } from "@/lib/workspace/save";
import { type Applied, applyRevision, type SyncParts } from "@/lib/workspace/sync";
import { packageJson, product, site, type Texts } from "../../support/product";
import { realWorkbench, type Workbench, workbenches } from "./workbench";

const first: Texts = { "package.json": packageJson, "src/a.txt": "a", "src/b.txt": "b", "src/c.txt": "c" };
const { "src/b.txt": _b, ...firstWithoutB } = first;
const lost = { kind: "error-after", error: new ProviderUnreachableError("write files") } as const;

describe.each(workbenches)("in %s", (_name, workbench) => {
  test("what the product changed, added and removed is so in the sandbox; the rest is not touched", async () => {
    const { bench, shop, sync } = await brought(await workbench());
    await bench.edit("app/made-here.db", "1");
    await bench.edit("app/src/c.txt", "C, unsaved");
    shop.become({ ...firstWithoutB, "src/a.txt": "A", "new/d.txt": "d" });

    expect(await sync()).toEqual({ ...nothing, revision: "r2", changed: 2, removed: 1, port: 3000 });
    expect(await bench.paths("app")).toEqual([
      "made-here.db",
      "new/d.txt",
      "package.json",
      "src/a.txt",
      "src/c.txt",
    ]);
    expect(await bench.text("app/src/a.txt")).toBe("A");
    expect(await bench.text("app/src/c.txt")).toBe("C, unsaved");
  });

  test("when nothing differs nothing is written or loaded", async () => {
    const { bench, shop, sync } = await brought(await workbench());
    await bench.edit("app/src/a.txt", "unsaved");
    bench.faults.calls.clear();
    shop.calls.length = 0;

    expect(await sync()).toEqual({ ...nothing, revision: "r1" });
    expect([...bench.faults.calls]).toEqual([["sandboxes.run", 1]]);
    expect(shop.calls).toEqual(["revision"]);
  });

  test("unsaved work that the revision replaces or removes is set aside first, and counted", async () => {
    const { bench, shop, sync } = await brought(await workbench());
    await bench.edit("app/src/a.txt", "mine a");
    await bench.edit("app/src/b.txt", "mine b");
    await bench.edit("app/new/d.txt", "mine d");
    shop.become({ ...firstWithoutB, "src/a.txt": "theirs", "new/d.txt": "theirs" });

    expect(await sync()).toMatchObject({ changed: 2, removed: 1, overwritten: 3 });
    expect(await bench.text("app/src/a.txt")).toBe("theirs");
    expect(await bench.paths(".rekindle/overwritten/r2")).toEqual(["new/d.txt", "src/a.txt", "src/b.txt"]);
    expect(await bench.text(".rekindle/overwritten/r2/src/b.txt")).toBe("mine b");
  });

  test("work that equals the new revision is not set aside, nor written again", async () => {
    const { bench, shop, sync } = await brought(await workbench());
    await bench.edit("app/src/a.txt", "the same");
    shop.become({ ...first, "src/a.txt": "the same" });

    expect(await sync()).toMatchObject({ changed: 1, overwritten: 0 });
    expect(await bench.paths(".rekindle/overwritten")).toEqual([]);
  });

  test("after a sync, what is still unsaved can be saved on the new base", async () => {
    const { bench, shop, sync, parts, target } = await brought(await workbench());
    await bench.edit("app/src/c.txt", "mine");
    shop.become({ ...first, "src/a.txt": "theirs" });
    expect(await saveChanges(parts, target)).toEqual({ kind: "stale-base", changed: 1 });

    await sync();

    expect(await saveChanges(parts, target)).toMatchObject({ kind: "saved", revision: "r3", changed: 1 });
    expect(shop.files()).toMatchObject({ "src/a.txt": "theirs", "src/c.txt": "mine" });
  });

  test("other dependencies ask for an install, another start for a restart, and the scripts are the new ones", async () => {
    const { bench, shop, sync } = await brought(await workbench());
    const started = JSON.stringify({ scripts: { start: "node s.js" }, dependencies: { sirv: "3.0.2" } });
    shop.become({ ...first, "package.json": started });
    expect(await sync("r1")).toMatchObject({ needs: "restart" });
    expect(await bench.text(".rekindle/start.sh")).toBe("export PORT=3000\nnpm run start\n");

    shop.become({ ...first, "package.json": packageJson.replace("3.0.2", "3.0.3") });
    expect(await sync("r2")).toMatchObject({ needs: "install-and-restart" });
    expect(await bench.text(".rekindle/start.sh")).toBe("export PORT=3000\nnpm run dev\n");
  });

  test.each([0, 1])(
    "a sync that broke off after write %i goes on, and still knows that an install is needed",
    async (skip) => {
      const { bench, shop, sync } = await brought(await workbench());
      await bench.edit("app/src/a.txt", "mine");
      shop.become({ ...first, "package.json": packageJson.replace("3.0.2", "4.0.0"), "src/a.txt": "theirs" });
      bench.faults.plan("sandboxes.writeFiles", lost, skip);

      await expect(sync("r1")).rejects.toThrow(ProviderUnreachableError);
      const again = await sync("r1");

      expect(again).toMatchObject({ revision: "r2", needs: "install-and-restart" });
      expect(await bench.text("app/src/a.txt")).toBe("theirs");
      expect(await bench.text(".rekindle/overwritten/r2/src/a.txt")).toBe("mine");
    },
  );

  test("a sync that broke off among its files still knows that an install is needed", async () => {
    const { bench, shop, sync } = await brought(await workbench());
    const many = Array.from({ length: 250 }, (_, index) => [`zz/${index}.txt`, ""]);
    const packages = packageJson.replace("3.0.2", "4.0.0");
    shop.become({ ...first, "package.json": packages, ...Object.fromEntries(many) });
    bench.faults.plan("sandboxes.writeFiles", lost, 1);

    await expect(sync("r1")).rejects.toThrow(ProviderUnreachableError);
    expect(await bench.text("app/package.json")).toBe(packages);
    expect(await sync("r1")).toMatchObject({ revision: "r2", changed: 251, needs: "install-and-restart" });
  });

  test("what is needed is asked for until the caller's record says that the revision is in effect", async () => {
    const { shop, sync } = await brought(await workbench());
    shop.become({ ...first, ".env": "A=1" });

    const answers = [await sync("r1"), await sync("r1"), await sync(), await sync("r2")];

    expect(answers.map(({ needs }) => needs)).toEqual(["restart", "restart", "restart", "nothing"]);
  });

  test("what one revision needed is needed by the next too, when it was never put into effect", async () => {
    const { shop, sync } = await brought(await workbench());
    shop.become({ ...first, ".env": "A=1" });
    await sync("r1");
    shop.become({ ...first, ".env": "A=1", "src/a.txt": "A" });

    expect(await sync("r1")).toMatchObject({ revision: "r3", needs: "restart" });
    expect(await sync("r3")).toMatchObject({ needs: "nothing" });
  });

  test("a product that answers with a part has only that part brought, and the base knows all of it", async () => {
    const { bench, shop, sync } = await brought(await workbench());
    shop.become({ ...firstWithoutB, "src/a.txt": "A" });
    const part = { revision: "r2", files: [{ path: "src/a.txt", content: "A" }], removed: ["src/b.txt"] };

    const applied = await sync(
      "r1",
      loading(shop.port, () => ({ ...part, isPartial: true })),
    );

    // Without a port: what says how the project is started was not in the part.
    expect(applied).toEqual({ ...nothing, revision: "r2", changed: 1, removed: 1 });
    expect(await bench.paths("app")).toEqual(["package.json", "src/a.txt", "src/c.txt"]);
    expect(await sync()).toEqual({ ...nothing, revision: "r2" });
  });

  test("an answer that does not say whether it is a part is not guessed at: everything is loaded", async () => {
    const { bench, shop, sync } = await brought(await workbench());
    shop.become({ ...first, "src/a.txt": "A" });
    const unmarked = { revision: "r2", files: [{ path: "src/a.txt", content: "A" }] };

    expect(
      await sync(
        "r1",
        loading(shop.port, () => unmarked),
      ),
    ).toMatchObject({ changed: 1, removed: 0 });
    expect(await bench.paths("app")).toEqual(Object.keys(first).sort());
  });

  test("who lost the claim changes nothing more", async () => {
    const { bench, shop, sync } = await brought(await workbench());
    await bench.edit("app/src/a.txt", "mine");
    shop.become({ ...first, "src/a.txt": "theirs" });
    for (const allowed of [0, 1, 2]) {
      let left = allowed;
      const beforeEachChange = async () => {
        left -= 1;
        if (left < 0) throw new LeaseLostError("p");
      };
      await expect(sync("r1", shop.port, { beforeEachChange })).rejects.toThrow(LeaseLostError);
      expect(await bench.text("app/src/a.txt")).toBe("mine");
    }
  });

  test("a revision that nobody could start is refused before anything is changed", async () => {
    const { bench, shop, sync } = await brought(await workbench());
    shop.become({ "index.html": "hi" });

    await expect(sync()).rejects.toThrow(NoRecipeError);
    expect(await bench.paths("app")).toEqual(Object.keys(first).sort());
  });

  test("a sandbox that has lost its base gets every file that differs, with its own set aside", async () => {
    const { bench, shop, sync } = await brought(await workbench());
    await bench.remove(".rekindle/base");
    await bench.edit("app/src/a.txt", "mine");
    shop.become({ ...first });

    expect(await sync()).toMatchObject({ revision: "r2", changed: 4, removed: 0, overwritten: 1 });
    expect(await bench.text("app/src/a.txt")).toBe("a");
  });
});

describe("what stands in the way of a file", () => {
  test("a folder, a file in a folder's place and links are moved aside, and nothing is written through them", async () => {
    const bench = await realWorkbench();
    const { shop, sync } = await brought(bench);
    const app = join(bench.home, "app");
    await mkdir(join(app, "page"));
    await writeFile(join(app, "page/mine.txt"), "mine");
    await writeFile(join(app, "lib"), "mine");
    await mkdir(join(bench.home, "elsewhere"));
    await writeFile(join(bench.home, "elsewhere/x.txt"), "mine");
    await symlink("../elsewhere", join(app, "linked"));
    await symlink("../elsewhere/x.txt", join(app, "link.txt"));
    shop.become({
      ...first,
      page: "theirs",
      "lib/e.txt": "theirs",
      "linked/x.txt": "theirs",
      "link.txt": "theirs",
    });

    expect(await sync()).toMatchObject({ changed: 4, overwritten: 4 });
    for (const path of ["page", "lib/e.txt", "linked/x.txt", "link.txt"]) {
      expect(await bench.text(`app/${path}`)).toBe("theirs");
    }
    expect(await bench.text("elsewhere/x.txt")).toBe("mine");
    expect(await bench.text(".rekindle/overwritten/r2/page/mine.txt")).toBe("mine");
    expect(await bench.text(".rekindle/overwritten/r2/lib")).toBe("mine");
    expect(await readlink(join(bench.home, ".rekindle/overwritten/r2/linked"))).toBe("../elsewhere");
  });

  test("two versions of one's own work stand aside beside each other", async () => {
    const bench = await realWorkbench();
    const { shop, sync } = await brought(bench);
    shop.become({ ...first, "src/a.txt": "theirs" });
    for (const mine of ["mine", "mine, later"]) {
      await bench.edit("app/src/a.txt", mine);
      bench.faults.plan("sandboxes.writeFiles", { ...lost, kind: "error-before" }, 1);
      await expect(sync()).rejects.toThrow(ProviderUnreachableError);
    }

    expect(await sync()).toMatchObject({ overwritten: 2 });
    expect(await bench.text(".rekindle/overwritten/r2/src/a.txt")).toBe("mine");
    expect(await bench.text(".rekindle/overwritten/r2/src/a.txt.2")).toBe("mine, later");
  });

  test("a removal follows no link that stands in a folder's place", async () => {
    const bench = await realWorkbench();
    const { shop, sync } = await brought(bench, { ...first, "old/x.txt": "x" });
    await bench.remove("app/old");
    await bench.edit("elsewhere/x.txt", "mine");
    await symlink("../elsewhere", join(bench.home, "app/old"));
    shop.become(first);

    expect(await sync()).toMatchObject({ removed: 1 });
    expect(await bench.text("elsewhere/x.txt")).toBe("mine");
  });
});

const nothing: Omit<Applied, "revision"> = { changed: 0, removed: 0, overwritten: 0, needs: "nothing" };

type LoadedSet = Awaited<ReturnType<ProjectFiles["load"]>>;

/** The same port, but for what it answers to `since`. */
const loading = (port: ProjectFiles, since: () => LoadedSet): ProjectFiles => ({
  ...port,
  load: (projectId, after) => (after === undefined ? port.load(projectId) : Promise.resolve(since())),
});

async function brought(bench: Workbench, files: Texts = first) {
  const shop = product(files);
  const { sandboxes, sandboxId } = bench;
  const target = { projectId: site, sandboxId, deadlineMs: 20_000 };
  const parts = { sandboxes, source: shop.source(), beforeEachChange: async () => undefined };
  await prepareProject(parts, target);
  const sync = (inEffect?: string, port: ProjectFiles = shop.port, others: Partial<SyncParts> = {}) =>
    applyRevision({ ...parts, source: shop.source(port), ...others }, { ...target, inEffect });
  return { bench, shop, sync, parts, target };
}
