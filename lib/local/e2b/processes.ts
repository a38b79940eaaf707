/**
 * Owns the real machines behind `Machines`: a sandbox is a folder and all processes that carry its mark. It must
 * never touch a process or a folder that is not one of its sandboxes'. Fails closed: what could not be stopped or
 * killed rejects. Nothing is isolated: commands run as the developer, and only the SDK's own paths and working
 * folders are mapped to the sandbox's folder, not paths written in a command's text.
 */
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@/lib/clock";
import { type Command, startCommand } from "@/lib/local/e2b/command";
import { usageOf } from "@/lib/local/e2b/machine-usage";
import type { MachineBoot, Machines, MachineUsage } from "@/lib/local/e2b/machines";
import { continueAll, killAll, stopAll } from "@/lib/local/e2b/process-signals";
import {
  type EnvironmentSettings,
  INSTANCE_NAME,
  loginProfile,
  MARK_NAME,
  portsFolder,
  sandboxEnvironment,
} from "@/lib/local/e2b/sandbox-environment";
import { HOME, makeSandboxFolders, sandboxEntry } from "@/lib/local/e2b/sandbox-paths";

export interface ProcessMachinesOptions extends EnvironmentSettings {
  readonly clock: Clock;
  /** Holds one folder a sandbox. */
  readonly sandboxesFolder: string;
  /** A mark on each process, so that a later stand-in can tell whose leftovers they are. */
  readonly instanceId: string;
}

export interface CommandInSandbox {
  readonly program: string;
  readonly args: readonly string[];
  /** A folder of this machine. */
  readonly folder: string;
  readonly envs: Readonly<Record<string, string>>;
  readonly takesInput: boolean;
  readonly lifetimeMs: number | undefined;
  readonly asked: AskedCommand;
}

/** The client's own words, which `List` gives back. */
export interface AskedCommand {
  readonly config: { cmd: string; args: string[]; envs: Record<string, string>; cwd?: string | undefined };
  readonly tag?: string | undefined;
}

export interface RunningCommand {
  readonly command: Command;
  readonly asked: AskedCommand;
}

/** What envd and the preview proxy see of a sandbox. */
export interface Machine {
  readonly sandboxId: string;
  /** The folder that is the sandbox's `/`. */
  readonly root: string;
  /** `NAME=value` in the environment of its processes. */
  readonly mark: string;
  readonly envs: Readonly<Record<string, string>>;
  /** By pid; those that are over are not in it. */
  readonly commands: Map<number, RunningCommand>;
}

export class ProcessMachines implements Machines {
  private readonly machines = new Map<string, Machine>();

  constructor(private readonly options: ProcessMachinesOptions) {}

  async start(sandboxId: string, { envs, snapshotId }: MachineBoot): Promise<void> {
    const root = join(this.options.sandboxesFolder, sandboxId);
    if (snapshotId === undefined) await mkdir(root, { recursive: true });
    else await copyFolder(this.snapshotFolder(snapshotId), root);
    await makeSandboxFolders(root);
    await writeFile(join(root, HOME, ".profile"), loginProfile());
    const mark = `${MARK_NAME}=${sandboxId}`;
    this.machines.set(sandboxId, { sandboxId, root, mark, envs, commands: new Map() });
  }

  async stop(sandboxId: string): Promise<void> {
    const machine = this.machine(sandboxId);
    // Lifetimes first: a process must not be killed by a timer in the middle of a pause.
    for (const { command } of machine.commands.values()) command.suspendLifetime();
    try {
      await stopAll(machine.mark);
    } catch (error) {
      for (const { command } of machine.commands.values()) command.resumeLifetime();
      throw error;
    }
    for (const { command } of machine.commands.values()) command.cutStreams("unavailable");
  }

  async continue(sandboxId: string): Promise<void> {
    const machine = this.machine(sandboxId);
    await continueAll(machine.mark);
    for (const { command } of machine.commands.values()) command.resumeLifetime();
  }

  async destroy(sandboxId: string): Promise<void> {
    const machine = this.machine(sandboxId);
    for (const { command } of machine.commands.values()) command.cutStreams("unavailable");
    await killAll(machine.mark);
    this.machines.delete(sandboxId);
    await rm(machine.root, { recursive: true, force: true });
  }

  async powerOff(sandboxId: string): Promise<void> {
    const machine = this.machine(sandboxId);
    for (const { command } of machine.commands.values()) command.cutStreams("unavailable");
    await killAll(machine.mark);
  }

  async powerOn(sandboxId: string): Promise<void> {
    // Memory is what held the variables of its creation (e2b.md §2.3).
    this.machines.set(sandboxId, { ...this.machine(sandboxId), envs: {} });
  }

  /** The files only: processes of this machine cannot be copied, so a snapshot always starts without any. */
  async saveSnapshot(sandboxId: string, snapshotId: string): Promise<void> {
    await copyFolder(this.machine(sandboxId).root, this.snapshotFolder(snapshotId));
  }

  async removeSnapshot(snapshotId: string): Promise<void> {
    await rm(this.snapshotFolder(snapshotId), { recursive: true, force: true });
  }

  /** The home and the other folders that every sandbox has come back empty, as on a disk that was lost. */
  async loseFiles(sandboxId: string, paths: readonly string[]): Promise<void> {
    const { root } = this.machine(sandboxId);
    for (const path of paths) await rm(sandboxEntry(root, path).outside, { recursive: true, force: true });
    await makeSandboxFolders(root);
  }

  async usage(sandboxId: string): Promise<MachineUsage> {
    return usageOf(this.machine(sandboxId));
  }

  find(sandboxId: string): Machine | undefined {
    return this.machines.get(sandboxId);
  }

  async run(machine: Machine, request: CommandInSandbox): Promise<Command> {
    const { asked, envs, ...rest } = request;
    const marks = { [MARK_NAME]: machine.sandboxId, [INSTANCE_NAME]: this.options.instanceId };
    const own = sandboxEnvironment(machine.root, marks, this.options);
    const environment = { ...merged(own, { ...machine.envs, ...envs }), ...marks };
    const command = await startCommand(this.options.clock, { ...rest, environment });
    machine.commands.set(command.pid, { command, asked });
    command.whenOver(() => machine.commands.delete(command.pid));
    return command;
  }

  private snapshotFolder(snapshotId: string): string {
    // No sandbox's folder: their ids have neither dot nor dash.
    return join(this.options.sandboxesFolder, `.snapshot-${snapshotId.replaceAll(/[^a-z0-9]/gi, "-")}`);
  }

  private machine(sandboxId: string): Machine {
    const machine = this.machines.get(sandboxId);
    if (!machine) throw new Error(`No machine for sandbox ${sandboxId}`);
    return machine;
  }
}

/** With links as they are. What was written down of ports belongs to processes, and those are not copied. */
async function copyFolder(from: string, to: string): Promise<void> {
  await cp(from, to, {
    recursive: true,
    preserveTimestamps: true,
    verbatimSymlinks: true,
    filter: (path) => path !== portsFolder(from),
  });
}

/** The client's variables win, but its NODE_OPTIONS come after the preload. */
function merged(
  own: Readonly<Record<string, string>>,
  clients: Readonly<Record<string, string>>,
): Record<string, string> {
  const options = [own.NODE_OPTIONS, clients.NODE_OPTIONS].filter(Boolean).join(" ");
  return { ...own, ...clients, NODE_OPTIONS: options };
}
