/**
 * Owns whether a project's own .gitignore files leave a path out, as git decides it: the deepest file that says
 * something wins, the last line in it, and what lies in a folder that is left out cannot be taken back in. Pure.
 */
import ignore, { type Ignore } from "ignore";

/** By the contents of each .gitignore, under the path of its folder (`""` is the root). */
export function ignoreRules(ignoreFiles: ReadonlyMap<string, string>): (path: string) => boolean {
  const rules = new Map<string, Ignore>();
  for (const [folder, text] of ignoreFiles) {
    // As git on Linux; the library's defaults are Windows' case and a refusal of names such as `../x` by an exception.
    rules.set(folder, ignore({ ignoreCase: false, allowRelativePaths: true }).add(text));
  }
  const folders = new Map<string, boolean>();

  const isLeftOut = (entry: string): boolean => {
    let verdict = false;
    for (const folder of foldersAbove(entry)) {
      const said = rules.get(folder)?.test(folder === "" ? entry : entry.slice(folder.length + 1));
      if (said?.unignored) verdict = false;
      // Said of a folder above, which was asked about before and taken back in by a deeper file: no word on this entry.
      else if (said?.ignored && !isSaidOfFolderAbove(rules.get(folder), folder, entry)) verdict = true;
    }
    return verdict;
  };
  const isFolderLeftOut = (folder: string): boolean => {
    const known = folders.get(folder) ?? isLeftOut(`${folder}/`);
    folders.set(folder, known);
    return known;
  };
  return (path) =>
    foldersAbove(path).some((folder) => folder !== "" && isFolderLeftOut(folder)) || isLeftOut(path);
}

function isSaidOfFolderAbove(rules: Ignore | undefined, folder: string, entry: string): boolean {
  const inFolder = folder === "" ? entry : entry.slice(folder.length + 1);
  const parent = inFolder.replace(/\/$/, "").split("/").slice(0, -1).join("/");
  return parent !== "" && rules?.test(`${parent}/`).ignored === true;
}

/** The folders that a path lies in, the root first; a folder's own path ends in a slash. */
function foldersAbove(path: string): string[] {
  const parts = path.replace(/\/$/, "").split("/").slice(0, -1);
  return ["", ...parts.map((_, index) => parts.slice(0, index + 1).join("/"))];
}
