/**
 * Owns whether a project's own .gitignore files leave a path out, as git decides it: the deepest file that says
 * something wins, the last line in it, and what lies in a folder that is left out cannot be taken back in. Pure.
 */
import ignore, { type Ignore } from "ignore";

/** By the contents of each .gitignore, under the path of its folder (`""` is the root). */
export function ignoreRules(ignoreFiles: ReadonlyMap<string, string>): (path: string) => boolean {
  const rules = new Map([...ignoreFiles].map(([folder, text]) => [folder, rulesOf(text)]));
  const folders = new Map<string, boolean>();

  /** Asked after the folders above it, none of which is left out. */
  const isLeftOut = (entry: string): boolean => {
    let verdict = false;
    for (const folder of foldersAbove(entry)) {
      const said = rules.get(folder)?.(folder === "" ? entry : entry.slice(folder.length + 1));
      if (said !== undefined) verdict = said === "out";
    }
    return verdict;
  };
  const isFolderLeftOut = (folder: string): boolean => {
    const known = folders.get(folder) ?? isLeftOut(`${folder}/`);
    folders.set(folder, known);
    return known;
  };
  return (path) => foldersAbove(path).slice(1).some(isFolderLeftOut) || isLeftOut(path);
}

/** What one .gitignore says of an entry itself; undefined where it says nothing. A folder's path ends in a slash. */
function rulesOf(text: string): (entry: string) => "in" | "out" | undefined {
  const asWritten = parse(text);
  return (entry) => {
    const above = foldersAbove(entry).slice(1);
    // The library counts an entry in a folder that is left out as left out too. But where a deeper file has taken that
    // folder back in, only a word on the entry itself counts: it is asked for as if this file had taken it back as well.
    const isAboveOut = above.some((folder) => asWritten.test(`${folder}/`).ignored);
    const said = (isAboveOut ? parse(text, above) : asWritten).test(entry);
    if (said.unignored) return "in";
    return said.ignored ? "out" : undefined;
  };
}

function parse(text: string, takenBackIn: readonly string[] = []): Ignore {
  // As git on Linux; the library's defaults are Windows' case, and an exception for names such as `../x`.
  const rules = ignore({ ignoreCase: false, allowRelativePaths: true }).add(text);
  return rules.add(takenBackIn.map((folder) => `!/${folder.replace(/[\\*?[\] ]/g, "\\$&")}/`));
}

/** The folders that a path lies in, the root (`""`) first; a folder's own path ends in a slash. */
function foldersAbove(path: string): string[] {
  const parts = path.replace(/\/$/, "").split("/").slice(0, -1);
  return ["", ...parts.map((_, index) => parts.slice(0, index + 1).join("/"))];
}
