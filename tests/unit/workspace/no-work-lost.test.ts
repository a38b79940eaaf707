/** Whatever the product and the sandbox both did: after a sync and a save they agree, and nobody's work is gone. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { prepareProject } from "@/lib/boot/prepare";
import { ProviderUnreachableError } from "@/lib/errors";
import { saveChanges } from "@/lib/workspace/save";
import { applyRevision } from "@/lib/workspace/sync";
import { packageJson, product, site, type Texts } from "../../support/product";
import { type Workbench, workbenches } from "./workbench";

const paths = ["a.txt", "src/b.txt", "src/c.txt", ".env", "node_modules/given.js"];
const files = fc.dictionary(fc.constantFrom(...paths), fc.constantFrom("1", "2", "3"));
/** How many writes into the sandbox go well before an answer is lost, each time. */
const interruptions = fc.array(fc.nat(3), { maxLength: 2 });
const [, [, virtual]] = workbenches;

interface Story {
  readonly before: Texts;
  readonly theirs: Texts;
  readonly mine: Texts;
}

test("after a sync and a save, product and sandbox agree, and every edit is in one of them or set aside", async () => {
  await fc.assert(
    fc.asyncProperty(files, files, files, interruptions, async (before, theirs, mine, breaks) => {
      const { bench, shop } = await live({ before, theirs, mine }, breaks);
      const inSandbox = await textsIn(bench);

      expect(withoutForeign(inSandbox, shop.files())).toEqual(shop.files());
      expect(await lostWork({ before, theirs, mine }, bench, inSandbox)).toEqual([]);
      expect(shop.files()).toMatchObject(changedFrom(before, theirs));
    }),
    { numRuns: 150, seed: 20261124 },
  );
});

/** The project is brought, both sides change it, and a sync and a save are repeated until they have gone through. */
async function live({ before, theirs, mine }: Story, breaks: readonly number[]) {
  const bench = await virtual();
  const { sandboxes, sandboxId } = bench;
  const shop = product({ "package.json": packageJson, ...before });
  const target = { projectId: site, sandboxId, deadlineMs: 20_000 };
  const parts = { sandboxes, source: shop.source(), beforeEachChange: async () => undefined };
  await prepareProject(parts, target);
  for (const path of Object.keys(before)) if (mine[path] === undefined) await bench.remove(`app/${path}`);
  for (const [path, text] of Object.entries(mine)) await bench.edit(`app/${path}`, text);
  shop.become({ "package.json": packageJson, ...theirs });

  for (const skip of breaks) {
    const error = new ProviderUnreachableError("write files");
    bench.faults.plan("sandboxes.writeFiles", { kind: "error-after", error }, skip);
  }
  await untilDone(() => applyRevision(parts, target));
  await untilDone(() => saveChanges(parts, target));
  return { bench, shop };
}

async function textsIn(bench: Workbench): Promise<Texts> {
  const texts: Record<string, string> = {};
  for (const path of await bench.paths("app")) texts[path] = await bench.text(`app/${path}`);
  return texts;
}

/** What nobody gave stays unsaved in a package manager's folder, as it must. */
function withoutForeign(texts: Texts, given: Texts): Texts {
  const isForeign = (path: string) => path.startsWith("node_modules/") && given[path] === undefined;
  return Object.fromEntries(Object.entries(texts).filter(([path]) => !isForeign(path)));
}

async function lostWork({ before, mine }: Story, bench: Workbench, inSandbox: Texts): Promise<string[]> {
  const lost: string[] = [];
  for (const [path, text] of Object.entries(changedFrom(before, mine))) {
    const aside = await bench.text(`.rekindle/overwritten/r2/${path}`);
    if (inSandbox[path] !== text && aside !== text) lost.push(path);
  }
  return lost;
}

const changedFrom = (before: Texts, after: Texts): Texts =>
  Object.fromEntries(Object.entries(after).filter(([path, text]) => before[path] !== text));

async function untilDone(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (!(error instanceof ProviderUnreachableError)) throw error;
    }
  }
}
