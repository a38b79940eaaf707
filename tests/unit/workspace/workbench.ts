/**
 * Owns a sandbox to work in, twice: a folder with a real shell, and the virtual machine that whole lifecycles run on.
 * What holds for the one has to hold for the other, or those lifecycle tests would prove nothing.
 */
import { mkdir, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SandboxId } from "@/lib/ids";
import { E2bCloud } from "@/lib/local/e2b/cloud";
import { HOBBY_PLAN } from "@/lib/local/e2b/semantics/plan";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { silentLog } from "@/lib/log";
import { seededRandom } from "@/lib/random";
import type { Sandboxes } from "@/lib/sandbox/port";
import { Faults } from "../../support/faults";
import { emptyHome, homeOnDisk, someSandbox } from "../../support/home-on-disk";
import { VirtualMachines } from "../../support/virtual-machines";
import { virtualSandboxes } from "../../support/virtual-sandboxes";

export interface Workbench {
  readonly sandboxes: Sandboxes;
  readonly sandboxId: SandboxId;
  readonly faults: Faults;
  /** Paths are relative to the home. As a person in the sandbox does it. */
  edit(path: string, text: string): Promise<void>;
  /** As a disk that lost its latest writes: another content, with a time long past. */
  rollBack(path: string, text: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Empty when there is no such file. */
  text(path: string): Promise<string>;
  /** All files in the folder, relative to it, sorted. */
  paths(folder: string): Promise<string[]>;
}

/** Where the real one stands on disk. */
export interface RealWorkbench extends Workbench {
  readonly home: string;
}

export const workbenches = [
  ["a real shell", realWorkbench],
  ["the virtual machine", virtualWorkbench],
] as const satisfies readonly (readonly [string, () => Promise<Workbench>])[];

const longAgo = new Date(Date.UTC(2001, 0, 1));

export async function realWorkbench(
  environment: Readonly<Record<string, string>> = {},
): Promise<RealWorkbench> {
  const home = await emptyHome();
  const faults = new Faults(new VirtualClock());
  const edit = async (path: string, text: string) => {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), text);
  };
  return {
    home,
    sandboxes: faults.around("sandboxes", homeOnDisk(home, environment)),
    sandboxId: someSandbox,
    faults,
    edit,
    async rollBack(path, text) {
      await edit(path, text);
      await utimes(join(home, path), longAgo, longAgo);
    },
    remove: (path) => rm(join(home, path), { recursive: true }),
    text: (path) =>
      readFile(join(home, path), "utf8").catch((error: unknown) => {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
        throw error;
      }),
    async paths(folder) {
      await mkdir(join(home, folder), { recursive: true });
      const entries = await readdir(join(home, folder), { recursive: true, withFileTypes: true });
      const start = join(home, folder).length + 1;
      return entries
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(start))
        .sort();
    },
  };
}

/** A virtual sandbox that runs, with all that stands behind it. */
export async function virtualSandbox() {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const project = { installMs: 0, installExitCode: 0, answersAfterMs: 0, exitsAfterMs: undefined };
  const machines = new VirtualMachines(clock, project);
  const common = { clock, random: seededRandom(1), log: silentLog, plan: HOBBY_PLAN };
  const cloud = new E2bCloud({ ...common, machines, trafficTokenOf: (sandboxId) => sandboxId });
  const sandboxes = virtualSandboxes(cloud, machines);
  const labels = {
    app: "a",
    env: "e",
    previewId: "p",
    projectId: "p1",
    userId: "u",
    epoch: "1",
    revision: "r",
    v: "1",
  };
  const { sandboxId } = await sandboxes.create(labels, 600_000);
  return { clock, machines, cloud, sandboxes, sandboxId };
}

async function virtualWorkbench(): Promise<Workbench> {
  const { clock, machines, sandboxes, sandboxId } = await virtualSandbox();
  const faults = new Faults(clock);
  return {
    sandboxes: faults.around("sandboxes", sandboxes),
    sandboxId,
    faults,
    edit: async (path, text) => machines.editFile(sandboxId, path, text),
    rollBack: async (path, text) => machines.editFile(sandboxId, path, text, longAgo.getTime()),
    remove: async (path) => machines.deleteFile(sandboxId, path),
    text: async (path) => machines.fileText(sandboxId, path),
    paths: async (folder) =>
      machines
        .filePaths(sandboxId)
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1)),
  };
}
