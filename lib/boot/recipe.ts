/**
 * Owns how a project is installed and started: given by the product, or detected from a Node project's files. Pure.
 * Fails closed: a project without a start script throws `NoRecipeError`, which says what to add.
 */
import { type AgentName, LOCKS, resolveCommand } from "package-manager-detector";
import { z } from "zod";
import { NoRecipeError } from "../errors";

export interface Recipe {
  /** A shell command that brings the dependencies; absent when there are none. */
  readonly install?: string;
  /** A shell command that starts the dev server and stays. */
  readonly start: string;
  /** Where the server listens; also given to it as PORT. */
  readonly port: number;
}

/** Dev servers whose own default is not 3000 and that take their port from the command line, not from PORT. */
const portFlags: readonly { readonly command: string; readonly flags: (port: number) => string }[] = [
  { command: "vite", flags: (port) => `--host 0.0.0.0 --port ${port} --strictPort` },
  { command: "astro", flags: (port) => `--host 0.0.0.0 --port ${port}` },
];

/** In the table of lockfiles, but they hold no versions: a frozen install would ask for the lockfile beside them. */
const workspaceFiles: ReadonlySet<string> = new Set(["pnpm-workspace.yaml", "aube-workspace.yaml"]);

const packageSchema = z.looseObject({
  packageManager: z.string().optional(),
  scripts: z.record(z.string(), z.string()).optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  devDependencies: z.record(z.string(), z.string()).optional(),
});
type Package = z.infer<typeof packageSchema>;

const DEFAULT_PORT = 3000;

/**
 * The recipe of a Node project: a frozen install by the package manager whose lockfile is there, then its `dev` script
 * (else `start`). @throws NoRecipeError
 */
export function detectRecipe(
  files: readonly { readonly path: string; readonly content: Uint8Array | string }[],
): Recipe {
  const manifest = files.find((file) => file.path === "package.json");
  if (!manifest) throw new NoRecipeError("it has no package.json at its root");
  const parsed = parsePackage(manifest.content);
  const scriptName = ["dev", "start"].find((name) => parsed.scripts?.[name]);
  if (!scriptName) throw new NoRecipeError("its package.json has no such script");
  const paths = new Set(files.map((file) => file.path));
  const { agent, isLocked } = packageManagerOf(parsed, paths);
  const flags = portFlags
    .find(({ command }) => endsIn(parsed.scripts?.[scriptName], command))
    ?.flags(DEFAULT_PORT);
  const install = hasDependencies(parsed)
    ? commandLine(resolveCommand(agent, isLocked ? "frozen" : "install", []))
    : undefined;
  const start = commandLine(
    resolveCommand(agent, "run", flags ? [scriptName, ...flags.split(" ")] : [scriptName]),
  );
  return { ...(install ? { install } : {}), start, port: DEFAULT_PORT };
}

function parsePackage(content: Uint8Array | string): Package {
  const text = typeof content === "string" ? content : new TextDecoder().decode(content);
  const json = z.string().transform((value, context) => {
    try {
      return JSON.parse(value);
    } catch {
      context.addIssue("not JSON");
      return z.NEVER;
    }
  });
  const parsed = json.pipe(packageSchema).safeParse(text);
  if (!parsed.success) throw new NoRecipeError("its package.json cannot be read");
  return parsed.data;
}

/** The lockfile says what was installed with; `packageManager` decides where two of them lie side by side. */
function packageManagerOf(
  parsed: Package,
  paths: ReadonlySet<string>,
): { agent: AgentName; isLocked: boolean } {
  const found = Object.entries(LOCKS).filter(([path]) => paths.has(path));
  const locked = found.filter(([path]) => !workspaceFiles.has(path)).map(([, agent]) => agent);
  const named = Object.values(LOCKS).find((agent) => parsed.packageManager?.startsWith(`${agent}@`));
  const lockedBy = named !== undefined && locked.includes(named) ? named : locked[0];
  if (lockedBy !== undefined) return { agent: lockedBy, isLocked: true };
  return { agent: named ?? found[0]?.[1] ?? "npm", isLocked: false };
}

/**
 * Flags are appended to a script, so they reach its last command only. A dependency alone says nothing: many projects
 * have vite for their tests, and `next dev --strictPort` does not start.
 */
function endsIn(script: string | undefined, command: string): boolean {
  const lastCommand = script?.split(/&&|\|\||[;|&]/).at(-1) ?? "";
  return lastCommand.trim().split(/\s+/).includes(command);
}

const hasDependencies = (parsed: Package): boolean =>
  Object.keys(parsed.dependencies ?? {}).length + Object.keys(parsed.devDependencies ?? {}).length > 0;

function commandLine(resolved: ReturnType<typeof resolveCommand>): string {
  if (!resolved) throw new NoRecipeError("its package manager cannot run scripts");
  return [resolved.command, ...resolved.args].join(" ");
}
