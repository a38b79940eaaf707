/** Whether a sandbox's files are those that were sealed, in a real shell and in the virtual machine. */
import { describe, expect, test } from "vitest";
import { prepareProject } from "@/lib/boot/prepare";
import { checkIntegrity, type Expected, type Integrity, seal } from "@/lib/workspace/integrity";
import { packageJson, product, site } from "../../support/product";
import { realWorkbench, type Workbench, workbenches } from "./workbench";

const sealedFiles = 3;

describe.each(workbenches)("in %s", (_name, workbench) => {
  test("nothing happened: intact, with the number of files compared", async () => {
    const { check, sealAs } = await booted(await workbench());
    expect(await check(await sealAs("g1"))).toEqual({ kind: "intact", files: sealedFiles });
  });

  test("what was added, changed and written anew since the seal is intact", async () => {
    const { bench, check, sealAs } = await booted(await workbench());
    const sealed = await sealAs("g1");
    await bench.edit("app/src/a.txt", "written until the pause");
    await bench.edit("app/added.txt", "x");

    expect(await check(sealed)).toEqual({ kind: "intact", files: sealedFiles });
  });

  test("what was changed before the seal is part of it", async () => {
    const { bench, check, sealAs } = await booted(await workbench());
    await bench.edit("app/src/a.txt", "mine");
    const sealed = await sealAs("g1");
    expect(await check(sealed)).toEqual({ kind: "intact", files: sealedFiles });
    await bench.rollBack("app/src/a.txt", "a");

    expect(await check(sealed)).toEqual({ ...broken("changed-file"), changed: 1 });
  });

  test("a lost file is missed, whatever else is wrong, and no name is told", async () => {
    const { bench, check, sealAs } = await booted(await workbench());
    const sealed = await sealAs("g1");
    await bench.remove("app/src/b.txt");
    await bench.rollBack("app/src/a.txt", "older");

    expect(await check(sealed)).toEqual({ ...broken("missing-file"), missing: 1, changed: 1 });
  });

  test("what .gitignore leaves out may change as it likes", async () => {
    const { bench, check, sealAs } = await booted(await workbench());
    await bench.edit("app/.gitignore", "*.db\n");
    await bench.edit("app/state.db", "1");
    const sealed = await sealAs("g1");
    await bench.remove("app/state.db");

    expect(await check(sealed)).toMatchObject({ kind: "intact" });
  });

  test("a disk without the generation, or with an older one, is broken, sealed or not", async () => {
    const { bench, check, sealAs } = await booted(await workbench());
    const sealed = await sealAs("g1");
    const after = [];
    for (const older of ["boot\n", ""]) {
      await bench.edit(".rekindle/generation", older);
      after.push(await check(sealed), await check({ kind: "unsealed", generation: "g1" }));
    }
    await bench.remove(".rekindle/generation");
    after.push(await check({ kind: "unsealed", generation: "g1" }));

    expect(after).toEqual(after.map(() => ({ ...broken("generation"), files: 0 })));
  });

  test("a seal that is not the one recorded is broken", async () => {
    const { bench, check, sealAs } = await booted(await workbench());
    const sealed = await sealAs("g1");
    await bench.edit(".rekindle/seal", '{"v":1,"startedAt":0,"files":[]}');

    expect(await check(sealed)).toEqual({ ...broken("seal"), files: 0 });
  });

  test("after a pause that was not ours only the generation counts, and nothing is run for it", async () => {
    const { bench, check, sealAs } = await booted(await workbench());
    await sealAs("g1");
    await bench.remove("app/src/b.txt");
    bench.faults.calls.clear();

    expect(await check({ kind: "unsealed", generation: "g1" })).toEqual({ kind: "intact", files: 0 });
    expect([...bench.faults.calls.keys()]).toEqual(["sandboxes.readFiles"]);
  });

  test("a boot gives a generation that a check finds", async () => {
    const { check } = await booted(await workbench());
    expect(await check({ kind: "unsealed", generation: "boot" })).toEqual({ kind: "intact", files: 0 });
  });

  test("a seal of which nobody was told breaks nothing: the generations before it still count", async () => {
    const { bench, check, sealAs } = await booted(await workbench());
    const told = await sealAs("g1");
    await bench.edit("app/src/a.txt", "mine");
    await sealAs("g2");

    expect(await check(told)).toEqual({ kind: "intact", files: 0 });
    expect(await check({ kind: "unsealed", generation: "boot" })).toEqual({ kind: "intact", files: 0 });
  });

  test("a check is one script run and changes nothing", async () => {
    const { bench, check, sealAs } = await booted(await workbench());
    const sealed = await sealAs("g1");
    bench.faults.calls.clear();
    await check(sealed);

    expect([...bench.faults.calls]).toEqual([["sandboxes.run", 1]]);
  });
});

test("a disk on which not even the look succeeds is broken", async () => {
  const bench = await realWorkbench();
  const { check, sealAs } = await booted(bench);
  const sealed = await sealAs("g1");
  const sandboxes = { ...bench.sandboxes, run: async () => ({ exitCode: 1, stdout: "" }) };
  expect(await check(sealed, sandboxes)).toEqual({ ...broken("unreadable"), files: 0 });
  const cut = {
    ...bench.sandboxes,
    run: async () => ({ exitCode: 0, stdout: "H4sIAAAAAAAAA0tMSgYAwkEkNQMAAAA=" }),
  };
  expect(await check(sealed, cut)).toEqual({ ...broken("unreadable"), files: 0 });
});

const broken = (what: Extract<Integrity, { kind: "broken" }>["what"]) => ({
  kind: "broken",
  what,
  files: sealedFiles,
  missing: 0,
  changed: 0,
});

async function booted(bench: Workbench) {
  const shop = product({ "package.json": packageJson, "src/a.txt": "a", "src/b.txt": "b" });
  const { sandboxes, sandboxId } = bench;
  const target = { projectId: site, sandboxId, deadlineMs: 20_000, generation: "boot" };
  await prepareProject({ sandboxes, source: shop.source(), beforeEachChange: async () => undefined }, target);
  return {
    bench,
    async sealAs(generation: string): Promise<Extract<Expected, { kind: "sealed" }>> {
      return {
        kind: "sealed",
        ...(await seal({ sandboxes }, { sandboxId, generation, deadlineMs: 20_000 })),
      };
    },
    check: (expected: Expected, of = sandboxes) =>
      checkIntegrity({ sandboxes: of }, { sandboxId, expected, deadlineMs: 20_000 }),
  };
}
