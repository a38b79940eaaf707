/**
 * Owns the first process of a sandbox's namespaces: it makes the file system and the network, and stays so that they
 * do. It must never show a sandbox the developer's home as a whole. Fails closed: what cannot be made ends it, with the system's
 * own complaint.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ContainerSettings } from "@/lib/local/e2b/containers/container";
import { viewOfThisMachine } from "@/lib/local/e2b/containers/namespace-view";
import { childrenOf } from "@/lib/local/e2b/containers/process-table";
import {
  INSTANCE_NAME,
  npmCacheFolder,
  npmConfigurationFile,
  sandboxSearchPath,
} from "@/lib/local/e2b/machine/sandbox-environment";
import { HOME } from "@/lib/local/e2b/machine/sandbox-paths";

/** The id that E2B's templates give their user. */
export const USER_ID = 1000;

const SETUP_FILE = fileURLToPath(new URL("./namespace-setup.sh", import.meta.url));

/** By this a program tells a cold boot from memory that came back; the setup shows it where the kernel's own would be. */
const BOOT_ID = "/dev/.boot_id";

const OWN_FILES: Readonly<Record<string, string>> = {
  "/etc/passwd": `root:x:0:0:root:/root:/bin/bash\nuser:x:${USER_ID}:${USER_ID}::${HOME}:/bin/bash\n`,
  "/etc/group": `root:x:0:\nuser:x:${USER_ID}:\n`,
  "/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
  // The relay; it is asked once more before a name counts as unknown.
  "/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:5 attempts:2\n",
};

export interface Holder {
  /** Its end is the end of all that is in the namespaces. */
  readonly child: ChildProcess;
  /** As this machine counts: the first process inside. */
  readonly firstPid: number;
  /** Where something is mounted in the sandbox, or was made before it could act. */
  readonly mountPoints: readonly string[];
}

/** Resolves once the namespaces are there. `folder` becomes the sandbox's `/`. */
export async function startHolder(folder: string, settings: ContainerSettings): Promise<Holder> {
  const cacheFolder = settings.npmCacheFolder ?? npmCacheFolder();
  const { mounts, links } = viewOfThisMachine({
    searchPath: sandboxSearchPath(),
    cacheFolder,
    files: [npmConfigurationFile(), process.env.NODE_EXTRA_CA_CERTS],
    ownFiles: await writeOwnFiles(folder),
  });
  await mkdir(cacheFolder, { recursive: true });
  // A snapshot's files bring their links along.
  for (const { path, target } of links) await symlink(target, join(folder, path)).catch(ignoreExisting);
  const flags = ["--user", "--map-root-user", "--mount", "--net", "--propagation=private", "--"];
  const holder = spawn("unshare", [...flags, "/bin/sh", SETUP_FILE, folder, ...mounts.flat()], {
    env: Object.assign(Object.create(null), serviceEnvironment(settings)),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  await whenReady(holder);
  const [firstPid] = childrenOf(holder.pid ?? 0);
  if (firstPid === undefined) throw new Error("The namespaces of a sandbox have no first process");
  const mountPoints = ["/dev", "/proc", ...links.map(({ path }) => path), ...mounts.map(([, path]) => path)];
  return { child: holder, firstPid, mountPoints };
}

/** As after a cold boot. In place: what is mounted is this very file. */
export async function renewBootId(folder: string): Promise<void> {
  await writeFile(sourceOf(folder, BOOT_ID), `${randomUUID()}\n`);
}

/** Of what serves a container: found after a crash, and not taken for a process of the sandbox. */
export function serviceEnvironment({ instanceId }: ContainerSettings): Record<string, string> {
  return { PATH: process.env.PATH ?? "", [INSTANCE_NAME]: instanceId };
}

/** Who is who, where names are looked up, and since when it is up, in the sandbox. */
async function writeOwnFiles(folder: string): Promise<Map<string, string>> {
  await mkdir(ownFolder(folder), { recursive: true });
  for (const [path, text] of Object.entries(OWN_FILES)) await writeFile(sourceOf(folder, path), text);
  await renewBootId(folder);
  return new Map([...Object.keys(OWN_FILES), BOOT_ID].map((path) => [path, sourceOf(folder, path)]));
}

/** Beside the sandbox's folder, not in it: it must not put a link where this process writes. */
export function ownFolder(folder: string): string {
  return join(dirname(folder), `.own-${basename(folder)}`);
}

function sourceOf(folder: string, path: string): string {
  return join(ownFolder(folder), path.replaceAll("/", "-"));
}

function whenReady(holder: ChildProcess): Promise<void> {
  let complaint = "";
  holder.stderr?.on("data", (bytes: Buffer) => {
    complaint = `${complaint}${bytes}`.slice(-2_000);
  });
  return new Promise((resolve, reject) => {
    holder.once("error", reject);
    holder.once("exit", (code) => {
      reject(new Error(`No namespaces for a sandbox (${code}): ${complaint.trim()}`));
    });
    holder.stdout?.once("data", () => resolve());
  });
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
}
