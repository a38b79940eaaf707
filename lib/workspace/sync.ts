/**
 * Owns bringing the product's newest revision into a sandbox that runs: only what differs, with nobody's unsaved work
 * lost by it, and with a word on what the project's processes need afterwards. It must never restart anything itself,
 * and never answer with contents. Fails with catalogue errors; repeated, it goes on where it stopped, and still knows
 * what is needed, because that is written down in the sandbox before the first change and until it is in effect.
 */

import type { RecipeSource } from "@/lib/boot/prepare";
import { detectRecipe } from "@/lib/boot/recipe";
import { INSTALL_SCRIPT, START_SCRIPT, scriptsOf } from "@/lib/boot/scripts";
import { WorkspaceUnreadableError } from "@/lib/errors";
import type { ProjectId, SandboxId } from "@/lib/ids";
import type { Sandboxes, WorkspaceFile } from "@/lib/sandbox/port";
import { type Base, baseFile, fileList, nullEnded, withPending } from "./base";
import { currentRevision, type FilesSource, loadChanges, loadProject, type ProjectFileSet } from "./files";
import { defaultLimits, type WorkspaceLimits } from "./limits";
import { asksForOtherPackages, type Needs, nameOf, needsAfter, runsOtherwise } from "./needs";
import { scanApp } from "./scan";
import { setAsideScript } from "./set-aside-script";
import { folderOfRevision, planSync, type SyncPlan } from "./sync-plan";
import { writeInBatches } from "./write-in-batches";

export interface Applied {
  /** What now stands in the sandbox. */
  readonly revision: string;
  /** Numbers of files, against the revision that stood there before. */
  readonly changed: number;
  readonly removed: number;
  /** How many files stand in `~/.rekindle/overwritten/<revision>`: unsaved work that this revision replaced. */
  readonly overwritten: number;
  /** What the caller has to do before the revision is in effect; it then records the revision. */
  readonly needs: Needs;
  /** Where the server listens after a restart; absent where the scripts are the ones from before. */
  readonly port?: number;
}

export interface SyncParts {
  readonly sandboxes: Sandboxes;
  readonly source: FilesSource;
  readonly recipe?: RecipeSource | undefined;
  /** Throws when another worker has taken over: what is in the sandbox is then its, and must not be touched. */
  readonly beforeEachChange: () => Promise<void>;
  readonly limits?: WorkspaceLimits;
}

export interface SyncTarget {
  readonly projectId: ProjectId;
  readonly sandboxId: SandboxId;
  readonly deadlineMs: number;
  /**
   * The revision in the caller's record. An answer that was lost is given again for as long as it is this one; without
   * it, what an earlier answer asked for is asked for again.
   */
  readonly inEffect?: string | undefined;
}

/**
 * The newest revision stands in the sandbox; nothing is written where it does already. The sandbox must be running,
 * under the caller's claim. @throws UnknownProjectError, FilesUnavailableError, NoRecipeError (before anything is
 * changed), WorkspaceUnreadableError, the port's errors, and what `beforeEachChange` throws
 */
export async function applyRevision(parts: SyncParts, target: SyncTarget): Promise<Applied> {
  const { sandboxes, source, limits = defaultLimits } = parts;
  const { projectId, sandboxId, deadlineMs, inEffect } = target;
  const newest = await currentRevision(source, projectId);
  const scan = await scanApp(sandboxes, limits, { sandboxId, deadlineMs, withSeal: false });
  const { base } = scan;
  if (base?.revision === newest) {
    const needs = withPending(base, inEffect, "nothing");
    return { revision: newest, changed: 0, removed: 0, overwritten: 0, needs };
  }
  const next = await loadNext(parts, projectId, base);
  const from: Base = base ?? { revision: inEffect ?? "", files: new Map() };
  const plan = planSync(from, scan, next.set);
  const needs = withPending(from, inEffect, await needsOf(sandboxes, sandboxId, plan, next.scripts));
  const overwritten = await carryOut(parts, target, { from, plan, needs, scripts: next.scripts });
  return {
    revision: plan.revision,
    changed: plan.changed.length,
    removed: plan.removed.length,
    overwritten,
    needs,
    ...(next.port === undefined ? {} : { port: next.port }),
  };
}

interface Next {
  readonly set: ProjectFileSet;
  /** None where they stay as they are. */
  readonly scripts: readonly WorkspaceFile[];
  readonly port?: number;
}

/** All files, unless the product gave only some and those say nothing of how the project is started. */
async function loadNext(parts: SyncParts, projectId: ProjectId, base: Base | undefined): Promise<Next> {
  const { source, recipe: recipeOf } = parts;
  const some = base && (await loadChanges(source, projectId, base.revision));
  if (some?.isPartial && !recipeOf && !touchesRecipe(some)) return { set: some, scripts: [] };
  const set = some && !some.isPartial ? some : await loadProject(source, projectId);
  const recipe = recipeOf?.(projectId, set) ?? detectRecipe(set.files);
  return { set: { ...set, isPartial: false }, scripts: scriptsOf(recipe), port: recipe.port };
}

/** Detection reads package.json and the names at the root, lockfiles among them. */
function touchesRecipe({ files, removed = [] }: ProjectFileSet): boolean {
  return [...files.map(({ path }) => path), ...removed].some((path) => !path.includes("/"));
}

/** Compared with what the sandbox has, not with the base: what was installed there is what its own files asked for. */
async function needsOf(
  sandboxes: Sandboxes,
  sandboxId: SandboxId,
  plan: SyncPlan,
  scripts: readonly WorkspaceFile[],
): Promise<Needs> {
  const packages = plan.writes.filter(({ path }) => nameOf(path) === "package.json");
  const asked = [...scripts, ...packages.map(({ path, content }) => ({ path: `app/${path}`, content }))];
  const paths = asked.map(({ path }) => path);
  const before = new Map(
    (paths.length > 0 ? await sandboxes.readFiles(sandboxId, paths) : []).map(({ path, content }) => [
      path,
      textOf(content),
    ]),
  );
  const isOther = (path: string) =>
    scripts.some((script) => script.path === path && textOf(script.content) !== before.get(path));
  return needsAfter({
    paths: [...plan.changed, ...plan.removed],
    hasOtherDependencies: packages.some(({ path, content }) =>
      asksForOtherPackages(before.get(`app/${path}`) ?? "{}", textOf(content)),
    ),
    hasOtherInstall: isOther(INSTALL_SCRIPT),
    hasOtherStart:
      isOther(START_SCRIPT) ||
      packages.some(({ path, content }) => runsOtherwise(before.get(`app/${path}`) ?? "{}", textOf(content))),
  });
}

interface Work {
  readonly from: Base;
  readonly plan: SyncPlan;
  readonly needs: Needs;
  readonly scripts: readonly WorkspaceFile[];
}

/** What is needed comes first and the new base last, so that a repetition finds both whatever happened between. */
async function carryOut(parts: SyncParts, target: SyncTarget, { from, plan, needs, scripts }: Work) {
  const { sandboxes, beforeEachChange } = parts;
  const { sandboxId, deadlineMs, inEffect } = target;
  const since = inEffect ?? from.pending?.since ?? from.revision;
  const pending = needs === "nothing" ? {} : { pending: { since, needs } };
  const list = (name: string, paths: readonly string[]): WorkspaceFile => ({
    path: `.rekindle/sync/${name}`,
    content: nullEnded(paths),
  });
  await writeInBatches(parts, sandboxId, [
    list(
      "incoming",
      plan.writes.map(({ path }) => path),
    ),
    list("ours", plan.ours),
    list("outgoing", plan.removed),
    fileList(new Set([...from.files.keys(), ...plan.files.keys()])),
    baseFile({ revision: from.revision, files: from.files, ...pending }),
  ]);
  await beforeEachChange();
  const variables = { ASIDE: `.rekindle/overwritten/${folderOfRevision(plan.revision)}` };
  const { exitCode, stdout } = await sandboxes.run(sandboxId, setAsideScript, { variables, deadlineMs });
  if (exitCode !== 0) throw new WorkspaceUnreadableError(sandboxId, exitCode);
  await writeInBatches(parts, sandboxId, [
    ...plan.writes.map(({ path, content }) => ({ path: `app/${path}`, content })),
    ...scripts,
    fileList(plan.files.keys()),
    baseFile({ revision: plan.revision, files: plan.files, ...pending }),
  ]);
  return Number(stdout);
}

const textOf = (content: Uint8Array): string => new TextDecoder().decode(content);
