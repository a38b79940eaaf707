/**
 * Owns the environment of every process in a sandbox: small, and its own. It must never carry the developer's
 * environment over: code in a sandbox is code that somebody's model wrote, and tokens live in environments. Let
 * through are PATH, language and time zone, the certificates and npm settings without which an install cannot reach
 * its registry here. Cannot fail.
 */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, sep } from "node:path";
import { homeOf, type SandboxUser } from "@/lib/local/e2b/sandbox-user";

export interface EnvironmentSettings {
  readonly npmCacheFolder?: string | undefined;
  /** The file that maps listening ports; loaded into every Node process. */
  readonly preloadFile: string;
}

/** The name under which every process of a sandbox carries its mark. */
export const MARK_NAME = "REKINDLE_LOCAL_SANDBOX";
/** And the mark of the stand-in that started it, so that a later one finds its leftovers. */
export const INSTANCE_NAME = "REKINDLE_LOCAL_E2B";
/** Where the mapped ports of a sandbox are written down; read by the preload. */
export const PORTS_FOLDER_NAME = "REKINDLE_LOCAL_PORTS";

/** What `npm run` says about this project, and what is set below. */
const NOT_PASSED_ON = new Set(
  "local_prefix prefix global_prefix init_module node_gyp npm_version user_agent cache userconfig".split(" "),
);

const PASSED_ON = ["LANG", "LC_ALL", "TZ", "NODE_EXTRA_CA_CERTS"];

export function sandboxEnvironment(
  root: string,
  marks: Readonly<Record<typeof MARK_NAME | typeof INSTANCE_NAME, string>>,
  settings: EnvironmentSettings,
  user: SandboxUser = "user",
): Record<string, string> {
  const home = join(root, homeOf(user));
  return {
    LANG: "C.UTF-8",
    ...passedOn(process.env),
    ...npmOfTheDeveloper(settings.npmCacheFolder),
    PATH: sandboxSearchPath(process.env.PATH ?? ""),
    HOME: home,
    USER: user,
    LOGNAME: user,
    SHELL: "/bin/bash",
    TMPDIR: join(root, "tmp"),
    NODE_OPTIONS: `--require ${quoted(settings.preloadFile)}`,
    [PORTS_FOLDER_NAME]: portsFolder(root),
    ...marks,
  };
}

export function portsFolder(root: string): string {
  return join(root, ".ports");
}

/**
 * What a login shell reads first. `/etc/profile` sets PATH anew on Debian, and a Node from a version manager would
 * be gone; E2B's templates have one PATH for both.
 */
export function loginProfile(): string {
  return `export PATH=${shellQuoted(sandboxSearchPath(process.env.PATH ?? ""))}\n`;
}

/** The PATH of this process without what `npm run` put in front: a sandbox must not find this project's own tools. */
function sandboxSearchPath(hostPath: string): string {
  const isNpmRunFolder = (folder: string) =>
    folder.endsWith(`${sep}node_modules${sep}.bin`) || folder.endsWith(`${sep}node-gyp-bin`);
  const folders = hostPath.split(delimiter).filter((folder) => folder !== "" && !isNpmRunFolder(folder));
  return [...new Set([dirname(process.execPath), ...folders])].join(delimiter);
}

function passedOn(host: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(host).flatMap(([name, value]): [string, string][] =>
    value !== undefined && (PASSED_ON.includes(name) || isNpmConfiguration(name)) ? [[name, value]] : [],
  );
  return Object.fromEntries(entries);
}

/**
 * Settings of npm itself (registry, proxy, CA file), not what `npm run` adds about this project, whose prefix and
 * working directory would send an install to the wrong place, and nothing that authenticates.
 */
function isNpmConfiguration(name: string): boolean {
  const setting = /^npm_config_(.+)$/i.exec(name)?.[1]?.toLowerCase();
  if (setting === undefined) return false;
  if (/auth|token|password|otp|^email$|^username$/.test(setting)) return false;
  return !NOT_PASSED_ON.has(setting);
}

/**
 * The developer's own npm configuration and cache. A rebuild after a lost sandbox must not download the world again,
 * and an install must reach the registry this machine is set up for. It lets sandbox code read that configuration;
 * the same code could read the file by its path, as nothing isolates it.
 */
function npmOfTheDeveloper(cacheFolder: string | undefined): Record<string, string> {
  const setting = (name: string) =>
    process.env[`npm_config_${name}`] ?? process.env[`NPM_CONFIG_${name.toUpperCase()}`];
  const configuration = setting("userconfig") ?? join(homedir(), ".npmrc");
  return {
    NPM_CONFIG_CACHE: cacheFolder ?? setting("cache") ?? join(homedir(), ".npm"),
    ...(existsSync(configuration) ? { NPM_CONFIG_USERCONFIG: configuration } : {}),
  };
}

/** NODE_OPTIONS splits at spaces and knows double quotes with backslash. */
function quoted(path: string): string {
  return /[\s"\\]/.test(path) ? `"${path.replaceAll(/(["\\])/g, "\\$1")}"` : path;
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
