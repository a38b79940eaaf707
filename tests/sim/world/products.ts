/**
 * Owns the product's projects: their files with revisions that count up, strict about stale bases, and what was ever done
 * to them, by which it is judged whether work was lost. It must never accept a path that it would not load again.
 */
import type { ProjectId } from "@/lib/ids";
import type { ProjectFiles } from "@/lib/workspace/files";
import { product, type Texts } from "@/tests/support/product";
import type { Dice } from "../kernel/dice";

const packageJson = (pad: string) =>
  JSON.stringify({ scripts: { dev: "node server.js" }, dependencies: { pad } });

export type Product = ReturnType<typeof product>;

/** `isUnfit`: there is nothing in it that could be started. */
export function createProducts(dice: Dice, isUnfit: boolean) {
  const all = new Map<string, Product>();
  let edits = 0;
  const of = (projectId: string): Product => {
    const known = all.get(projectId);
    if (known) return known;
    const made = product(
      isUnfit ? { "page.txt": "first" } : { "package.json": packageJson("1.0.0"), "page.txt": "first" },
    );
    all.set(projectId, made);
    return made;
  };
  const port: ProjectFiles = {
    revision: (projectId: ProjectId) => of(projectId).port.revision(),
    load: (projectId: ProjectId, since?: string) => of(projectId).port.load(projectId, since),
    save: (projectId, changes, base) => of(projectId).port.save(projectId, changes, base),
    forget: async () => undefined,
  };
  return {
    port,
    of,
    /** Somebody edits the project in the product's own editor. */
    edit(projectId: string): void {
      edits += 1;
      const files: Texts = of(projectId).files();
      const isLockfile = dice.happens(0.3);
      of(projectId).become(
        isLockfile
          ? { ...files, "package.json": packageJson(`1.0.${edits}`) }
          : { ...files, "page.txt": `edit ${edits}` },
      );
    },
  };
}
