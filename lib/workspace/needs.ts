/**
 * Owns the question what a running project needs after its files have changed: nothing, a restart, or an install too.
 * Pure. In doubt it asks for more: a server on stale dependencies fails in ways that nobody traces back.
 */
import { LOCKS } from "package-manager-detector";
import { z } from "zod";

export const needsSchema = z.enum(["nothing", "restart", "install-and-restart"]);
/** A dev server takes up the rest by itself (hot reload). */
export type Needs = z.infer<typeof needsSchema>;

export interface SourceChanges {
  /** Added, changed and removed ones, relative to the project's root. */
  readonly paths: readonly string[];
  /** Some package.json asks for other packages than before. */
  readonly hasOtherDependencies: boolean;
  readonly hasOtherInstall: boolean;
  /** The start script is another, or some package.json says otherwise how its code is run. */
  readonly hasOtherStart: boolean;
}

export function needsAfter(changes: SourceChanges): Needs {
  const { paths, hasOtherDependencies, hasOtherInstall, hasOtherStart } = changes;
  if (hasOtherDependencies || hasOtherInstall || paths.some((path) => namesPackages(nameOf(path)))) {
    return "install-and-restart";
  }
  return hasOtherStart || paths.some((path) => nameOf(path).startsWith(".env")) ? "restart" : "nothing";
}

export function stronger(left: Needs, right: Needs): Needs {
  const rank = (needs: Needs) => needsSchema.options.indexOf(needs);
  return rank(left) >= rank(right) ? left : right;
}

/** What an install reads of a package.json. */
const packageFields = [
  "dependencies",
  "devDependencies",
  "optionalDependencies",
  "peerDependencies",
  "overrides",
  "resolutions",
  "workspaces",
  "packageManager",
  "pnpm",
] as const;

/** True where an install could come out otherwise, also when either cannot be read. */
export function asksForOtherPackages(before: string, after: string): boolean {
  if (before === after) return false;
  const [old, young] = [packagesOf(before), packagesOf(after)];
  return old === undefined || young === undefined || old !== young;
}

/** What only describes a package; everything else in a package.json may be read by a server when it starts. */
const descriptions = new Set(["name", "version", "description", "keywords", "author", "license", "homepage"]);

/** True where a server could start otherwise, also when either cannot be read. */
export function runsOtherwise(before: string, after: string): boolean {
  if (before === after) return false;
  const [old, young] = [startOf(before), startOf(after)];
  return old === undefined || young === undefined || old !== young;
}

function startOf(packageJson: string): string | undefined {
  try {
    const parsed = z.looseObject({}).parse(JSON.parse(packageJson));
    return JSON.stringify(Object.entries(parsed).filter(([field]) => !descriptions.has(field)));
  } catch {
    // No package.json, or none that can be read: the caller takes it for a change.
    return undefined;
  }
}

function packagesOf(packageJson: string): string | undefined {
  try {
    const parsed = z.looseObject({}).parse(JSON.parse(packageJson));
    return JSON.stringify(packageFields.map((field) => parsed[field] ?? null));
  } catch {
    // No package.json, or none that can be read: the caller takes it for a change.
    return undefined;
  }
}

/** Lockfiles of Node's package managers by their table; of other languages, by the names that these use. */
function namesPackages(name: string): boolean {
  return (
    name in LOCKS ||
    name === ".npmrc" ||
    name.endsWith(".lock") ||
    /^(requirements.*\.txt|go\.sum)$/.test(name)
  );
}

export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
