/**
 * Owns the loading of a mutant: the text of each file that it changes is changed as it is loaded, and nothing else is
 * touched; product code knows nothing of it. It must never load the shipping text where a change was asked for: a change
 * that does not fit exactly once ends the process. It compiles what it has changed by itself, since tsx reads only files.
 */
import { readFile } from "node:fs/promises";
import type { LoadHook } from "node:module";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { changed, rootUrl } from "./change";
import { mutantOf } from "./mutants";

const mutant = mutantOf(process.env.SIM_MUTANT ?? "");
const files = new Map<string, string>();
for (const { file } of mutant.edits) files.set(new URL(file, rootUrl).href, file);

export const load: LoadHook = async (url, context, next) => {
  const file = files.get(url.split("?")[0] ?? url);
  if (file === undefined) return next(url, context);
  const text = changed(mutant, file, await readFile(fileURLToPath(new URL(file, rootUrl)), "utf8"));
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
    fileName: file,
  });
  return { format: "module", source: outputText, shortCircuit: true };
};
