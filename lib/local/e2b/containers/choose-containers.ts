/**
 * Owns which way of keeping sandboxes apart this machine allows, found out by doing it once: distributions forbid
 * namespaces in several ways that no single setting tells. It must never leave the trial behind.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ContainerSettings, Containers } from "@/lib/local/e2b/containers/container";
import { mappedPortContainers } from "@/lib/local/e2b/containers/mapped-ports";
import { namespaceContainers } from "@/lib/local/e2b/containers/namespaces";
import { HOME } from "@/lib/local/e2b/machine/sandbox-paths";

export type Isolation = "auto" | Containers["kind"];

/** `auto`: namespaces where they work, else mapped ports; `namespaces` where they do not work rejects. */
export async function chooseContainers(
  wanted: Isolation,
  settings: ContainerSettings,
  folder: string,
): Promise<Containers> {
  if (wanted === "mapped-ports") return mappedPortContainers(settings);
  const containers = namespaceContainers(settings);
  const refusal = await refusalOf(containers, join(folder, ".trial"));
  if (refusal === undefined) return containers;
  if (wanted === "namespaces") throw refusal;
  settings.log.info(
    { reason: refusal.message },
    "Sandboxes share this machine's network: their ports are mapped",
  );
  return mappedPortContainers(settings);
}

/** By search path, on which the programs are found that it takes: a machine does not change its mind meanwhile. */
const refusals = new Map<string, Promise<Error | undefined>>();

function refusalOf(containers: Containers, root: string): Promise<Error | undefined> {
  const searchPath = process.env.PATH ?? "";
  const known = refusals.get(searchPath);
  if (known) return known;
  const found = tryOut(containers, root).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  refusals.set(searchPath, found);
  return found;
}

async function tryOut(containers: Containers, root: string): Promise<void> {
  if (process.platform !== "linux") throw new Error(`There are no namespaces on ${process.platform}`);
  await mkdir(join(root, HOME), { recursive: true });
  const container = containers.open("trial", root);
  try {
    await container.launch({ program: "/bin/sh", args: [], cwd: HOME, user: "user", envs: {} });
  } finally {
    await container.close(new Map());
    await rm(root, { recursive: true, force: true });
  }
}
