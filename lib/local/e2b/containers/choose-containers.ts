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
  try {
    await tryOut(containers, join(folder, ".trial"));
    return containers;
  } catch (error) {
    if (wanted === "namespaces") throw error;
    settings.log.info(
      { reason: String(error) },
      "Sandboxes share this machine's network: their ports are mapped",
    );
    return mappedPortContainers(settings);
  }
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
