/**
 * Owns bringing a project into a sandbox: its files below `~/app`, and the two scripts that install and start it below
 * `~/.rekindle`. What an earlier boot left in the same sandbox is ended and removed first; installed dependencies stay.
 * It must never answer with contents: step results are stored and shown. Fails closed with catalogue errors.
 */
import type { ProjectId, SandboxId } from "@/lib/ids";
import type { Sandboxes, WorkspaceFile } from "@/lib/sandbox/port";
import { type FilesSource, loadProject, type ProjectFileSet } from "@/lib/workspace/files";
import { stopAllJobs } from "./jobs";
import { detectRecipe, type Recipe } from "./recipe";

export interface Prepared {
  readonly revision: string;
  readonly port: number;
}

/** A product's own recipe for a project; undefined leaves it to detection. */
export type RecipeSource = (projectId: ProjectId, files: ProjectFileSet) => Recipe | undefined;

/**
 * Removes the files of the revision that was there before; what the project itself produced stays. Paths end in a null
 * byte, which none can hold: with lines, a name with a line break in it would name a file outside the project.
 */
const removeOldFilesScript = `
cd "$HOME/app" 2>/dev/null || exit 0
[ -f "$HOME/.rekindle/files" ] || exit 0
while IFS= read -r -d '' path; do rm -f -- "$path"; done < "$HOME/.rekindle/files"
`;

/** E2B takes many files in one request; a batch keeps one request's body modest. */
const FILES_PER_REQUEST = 200;

export interface PrepareParts {
  readonly sandboxes: Sandboxes;
  readonly source: FilesSource;
  readonly recipe?: RecipeSource | undefined;
  /** Throws when another worker has taken over: what is in the sandbox is then its, and must not be touched. */
  readonly beforeEachChange: () => Promise<void>;
}

export async function prepareProject(
  { sandboxes, source, recipe: recipeOf, beforeEachChange }: PrepareParts,
  target: { readonly projectId: ProjectId; readonly sandboxId: SandboxId; readonly deadlineMs: number },
): Promise<Prepared> {
  const { sandboxId, deadlineMs } = target;
  const project = await loadProject(source, target.projectId);
  const recipe = recipeOf?.(target.projectId, project) ?? detectRecipe(project.files);

  await beforeEachChange();
  await stopAllJobs(sandboxes, sandboxId, deadlineMs);
  await beforeEachChange();
  await sandboxes.run(sandboxId, removeOldFilesScript, { variables: {}, deadlineMs });
  const files = [...project.files.map(intoApp), ...scripts(recipe), fileList(project)];
  for (let start = 0; start < files.length; start += FILES_PER_REQUEST) {
    await beforeEachChange();
    await sandboxes.writeFiles(sandboxId, files.slice(start, start + FILES_PER_REQUEST));
  }
  return { revision: project.revision, port: recipe.port };
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function intoApp(file: ProjectFileSet["files"][number]): WorkspaceFile {
  const { path, content } = file;
  return { path: `app/${path}`, content: typeof content === "string" ? encode(content) : content };
}

function fileList(project: ProjectFileSet): WorkspaceFile {
  return { path: ".rekindle/files", content: encode(project.files.map(({ path }) => `${path}\0`).join("")) };
}

function scripts(recipe: Recipe): WorkspaceFile[] {
  const port = `export PORT=${recipe.port}\n`;
  return [
    { path: ".rekindle/install.sh", content: encode(`${port}${recipe.install ?? "true"}\n`) },
    { path: ".rekindle/start.sh", content: encode(`${port}${recipe.start}\n`) },
  ];
}
