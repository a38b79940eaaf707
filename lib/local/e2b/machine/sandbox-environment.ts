/**
 * Owns the environment of every process in a sandbox: small, and its own. It must never carry the developer's
 * environment over: code in a sandbox is code that somebody's model wrote, and tokens live in environments. Let
 * through are PATH, language and time zone, the certificates and npm settings without which an install cannot reach
 * its registry here. Cannot fail.
 */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, sep } from "node:path";

export interface EnvironmentFolders {
  readonly home: string;
  readonly temporary: string;
  readonly npmCache: string;
}

/** The name under which every process of a sandbox carries its mark. */
export const MARK_NAME = "REKINDLE_LOCAL_SANDBOX";
/** And the mark of the stand-in that started it, so that a later one finds its leftovers. */
export const INSTANCE_NAME = "REKINDLE_LOCAL_E2B";

/** What `npm run` says about this project, and what is set below. */
const NOT_PASSED_ON = new Set(
  "local_prefix prefix global_prefix init_module node_gyp npm_version user_agent cache userconfig".split(" "),
);

const PASSED_ON = ["LANG", "LC_ALL", "TZ", "NODE_EXTRA_CA_CERTS"];

export function sandboxEnvironment(folders: EnvironmentFolders, user = "user"): Record<string, string> {
  const npmConfiguration = npmConfigurationFile();
  return {
    LANG: "C.UTF-8",
    ...passedOn(process.env),
    NPM_CONFIG_CACHE: folders.npmCache,
    ...(npmConfiguration ? { NPM_CONFIG_USERCONFIG: npmConfiguration } : {}),
    PATH: sandboxSearchPath(),
    HOME: folders.home,
    USER: user,
    LOGNAME: user,
    SHELL: "/bin/bash",
    TMPDIR: folders.temporary,
  };
}

/**
 * What a login shell reads first. `/etc/profile` sets PATH anew on Debian, and a Node from a version manager would
 * be gone; E2B's templates have one PATH for both.
 */
export function loginProfile(): string {
  return `export PATH=${shellQuoted(sandboxSearchPath())}\n`;
}

/** The PATH of this process without what `npm run` put in front: a sandbox must not find this project's own tools. */
export function sandboxSearchPath(): string {
  const hostPath = process.env.PATH ?? "";
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

/** The developer's own: a rebuild after a lost sandbox must not download the world again. */
export function npmCacheFolder(): string {
  return npmSetting("cache") ?? join(homedir(), ".npm");
}

/**
 * The developer's own, for an install must reach the registry this machine is set up for; undefined where there is
 * none. Sandbox code can read it, as nothing isolates it.
 */
export function npmConfigurationFile(): string | undefined {
  const file = npmSetting("userconfig") ?? join(homedir(), ".npmrc");
  return existsSync(file) ? file : undefined;
}

function npmSetting(name: string): string | undefined {
  return process.env[`npm_config_${name}`] ?? process.env[`NPM_CONFIG_${name.toUpperCase()}`];
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
