/**
 * Owns bringing a project into a sandbox: its files below `~/app`, and the two scripts that install and start it below
 * `~/.rekindle`. What an earlier boot left in the same sandbox is ended and removed first; installed dependencies stay.
 * It must never answer with contents: step results are stored and shown. Fails closed with catalogue errors.
 */
import type { ProjectId, SandboxId } from "@/lib/ids";
import type { Sandboxes } from "@/lib/sandbox/port";
import { baseFile, bytesOf, fileList, hashOf } from "@/lib/workspace/base";
import { type FilesSource, loadProject, type ProjectFileSet } from "@/lib/workspace/files";
import { generationFile } from "@/lib/workspace/generation";
import { isReachedDirectly } from "@/lib/workspace/scan-script";
import { writeInBatches } from "@/lib/workspace/write-in-batches";
import { stopAllJobs } from "./jobs";
import { detectRecipe, type Recipe } from "./recipe";
import { scriptsOf } from "./scripts";

export interface Prepared {
  readonly revision: string;
  readonly port: number;
  /** The one given; the caller records it, for the integrity check after a pause. */
  readonly generation?: string;
}

/** A product's own recipe for a project; undefined leaves it to detection. */
export type RecipeSource = (projectId: ProjectId, files: ProjectFileSet) => Recipe | undefined;

/**
 * Removes the files of the revision that was there before; what the project itself produced stays. Paths end in a null
 * byte, which none can hold: with lines, a name with a line break in it would name a file outside the project. Nor does
 * a link that somebody has put in a folder's place lead it there. The base goes first: while files come and go, there is
 * none that they could be compared with. Nor has a preview come to run from what is here then.
 */
export const removeOldFilesScript = `
rm -f "$HOME/.rekindle/base" "$HOME/.rekindle/preview"
cd "$HOME/app" 2>/dev/null || exit 0
[ -f "$HOME/.rekindle/files" ] || exit 0
${isReachedDirectly}
while IFS= read -r -d '' path; do direct "$path" && rm -f -- "$path"; done < "$HOME/.rekindle/files"
exit 0
`;

export interface PrepareParts {
  readonly sandboxes: Sandboxes;
  readonly source: FilesSource;
  readonly recipe?: RecipeSource | undefined;
  /** Throws when another worker has taken over: what is in the sandbox is then its, and must not be touched. */
  readonly beforeEachChange: () => Promise<void>;
}

export interface PrepareTarget {
  readonly projectId: ProjectId;
  readonly sandboxId: SandboxId;
  readonly deadlineMs: number;
  /** A random name for this boot, by which a later look tells that no older state of the disk came back. */
  readonly generation?: string | undefined;
}

/** The newest revision stands in the sandbox, the base beside it. May be repeated after any failure. */
export async function prepareProject(parts: PrepareParts, target: PrepareTarget): Promise<Prepared> {
  const { sandboxes, source, recipe: recipeOf, beforeEachChange } = parts;
  const { sandboxId, deadlineMs, generation } = target;
  const project = await loadProject(source, target.projectId);
  const recipe = recipeOf?.(target.projectId, project) ?? detectRecipe(project.files);
  const files = project.files.map(({ path, content }) => ({ path, content: bytesOf(content) }));

  await beforeEachChange();
  await stopAllJobs(sandboxes, sandboxId, deadlineMs);
  await beforeEachChange();
  await sandboxes.run(sandboxId, removeOldFilesScript, { variables: {}, deadlineMs });
  await writeInBatches({ sandboxes, beforeEachChange }, sandboxId, [
    fileList(files.map(({ path }) => path)),
    ...files.map(({ path, content }) => ({ path: `app/${path}`, content })),
    ...scriptsOf(recipe),
    ...(generation === undefined ? [] : [generationFile([generation])]),
    baseFile({
      revision: project.revision,
      files: new Map(files.map(({ path, content }) => [path, hashOf(content)])),
    }),
  ]);
  return {
    revision: project.revision,
    port: recipe.port,
    ...(generation === undefined ? {} : { generation }),
  };
}
