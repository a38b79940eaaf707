/**
 * Owns putting a mutant in the place of what ships: the text of each file that it changes is changed as it is bundled, and
 * nothing else is touched; product code knows nothing of it. It must never bundle the shipping text where a change was
 * asked for: one that does not fit exactly once, or whose file is never loaded, throws.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Plugin } from "esbuild";
import { changed, type Mutant, rootUrl } from "./change";

export function editsOf(mutant: Mutant): Plugin {
  const files = new Map(mutant.edits.map(({ file }) => [fileURLToPath(new URL(file, rootUrl)), file]));
  return {
    name: mutant.name,
    setup(building) {
      const left = new Set(files.keys());
      building.onEnd(() => {
        if (left.size > 0) throw new Error(`${mutant.name} changes what is never loaded: ${[...left]}`);
      });
      building.onLoad({ filter: /\.tsx?$/ }, async ({ path }) => {
        const file = files.get(path);
        if (file === undefined) return undefined;
        left.delete(path);
        return { contents: changed(mutant, file, await readFile(path, "utf8")), loader: "ts" };
      });
    },
  };
}
