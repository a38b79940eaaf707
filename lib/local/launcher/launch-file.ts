/**
 * Owns telling the command line of a launch that runs: its addresses and the keys that its stand-ins made up, in a file of
 * the launch's folder that only its owner may read, for as long as it runs. Real keys never stand in it: the command line
 * has them from where the launch has them. Fails closed: a file that cannot be written ends the launch.
 */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { launchFile } from "@/app/command-line/environment";

/** Settings that a developer may have given to this launch alone, and that are no secret. */
const settings = [
  "REKINDLE_POLICY",
  "E2B_API_URL",
  "E2B_SANDBOX_URL",
  "E2B_DOMAIN",
  "E2B_TEMPLATE",
  "UPSTASH_REDIS_REST_URL",
  "PREVIEW_URL_TEMPLATE",
  "PREVIEW_CONNECT_TO",
] as const;

type Variables = Readonly<Record<string, string | undefined>>;

/** `made` is what the launch gives to its app. Answers how the file is taken away again. */
export async function writeLaunch(
  folder: string,
  made: Variables,
  given: Variables,
): Promise<() => Promise<void>> {
  const file = join(folder, launchFile);
  const kept = settings.flatMap((name) => (given[name] ? [[name, given[name]]] : []));
  // One that a launch left behind which was killed may have other rights.
  await rm(file, { force: true });
  await writeFile(file, `${JSON.stringify({ ...Object.fromEntries(kept), ...made }, undefined, 2)}\n`, {
    mode: 0o600,
  });
  return () => rm(file, { force: true });
}
