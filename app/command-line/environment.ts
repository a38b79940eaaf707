/**
 * Owns where the command line finds its services: the environment as it is, where that names one; else the launch of
 * `npm run dev` that runs in this folder, whose addresses and keys nobody could type; else `.env.local`. It must never mix
 * a named environment with a file's addresses: a pause would reach somebody else's previews. It reads files, changes
 * nothing, and says which it took. Fails closed: a file that does not read is `ConfigurationError`.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { z } from "zod";
import { ConfigurationError } from "@/lib/errors";

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Found {
  readonly variables: Variables;
  /** For whoever has to know what a command will reach. */
  readonly from: string;
}

/** What the launcher writes there while it runs. */
export const launchFile = "launch.json";

const launchSchema = z.record(z.string(), z.string());

/** @throws ConfigurationError */
export function findEnvironment(variables: Variables, folder: string): Found {
  if (variables.REKINDLE_ENV) {
    return { variables, from: `the environment, as ${variables.REKINDLE_ENV}` };
  }
  const envLocal = join(folder, ".env.local");
  const kept = existsSync(envLocal) ? parseEnv(readFileSync(envLocal, "utf8")) : {};
  const launch = resolve(folder, variables.REKINDLE_LOCAL_FOLDER || ".local", launchFile);
  if (existsSync(launch)) {
    // Real keys are not in it; the launch has them from where this has them.
    return { variables: { ...kept, ...variables, ...readLaunch(launch) }, from: `the launch of ${launch}` };
  }
  if (kept.REKINDLE_ENV)
    return { variables: { ...kept, ...variables, REKINDLE_ENV: kept.REKINDLE_ENV }, from: envLocal };
  throw new ConfigurationError([
    "no REKINDLE_ENV is set, no `npm run dev` runs in this folder, and its .env.local names none",
  ]);
}

function readLaunch(file: string): Variables {
  try {
    return launchSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    throw new ConfigurationError([`${file} does not read as a launch; start \`npm run dev\` again`]);
  }
}
