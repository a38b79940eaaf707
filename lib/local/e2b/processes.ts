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
import { EndedCommands } from "@/lib/local/e2b/ended-commands";
import { copyMetadataBelow } from "@/lib/local/e2b/file-metadata";
import { FolderWatches } from "@/lib/local/e2b/folder-watches";
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
import { HOME, HOME_OF_ROOT, makeSandboxFolders } from "@/lib/local/e2b/sandbox-paths";
import type { SandboxUser } from "@/lib/local/e2b/sandbox-user";
import type { TerminalSize } from "@/lib/local/e2b/started-process";

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
  readonly user: SandboxUser;
  readonly envs: Readonly<Record<string, string>>;
  readonly takesInput: boolean;
  readonly terminal?: TerminalSize | undefined;
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
  readonly ended: EndedCommands;
  readonly watches: FolderWatches;
}

export class ProcessMachines implements Machines {
  private readonly machines = new Map<string, Machine>();

  constructor(private readonly options: ProcessMachinesOptions) {}

  async start(sandboxId: string, { envs, snapshotId }: MachineBoot): Promise<void> {
    const root = join(this.options.sandboxesFolder, sandboxId);
    if (snapshotId === undefined) await mkdir(root, { recursive: true });
    else await copyFolder(this.snapshotFolder(snapshotId), root);
    await makeSandboxFolders(root);
    for (const home of [HOME, HOME_OF_ROOT]) await writeFile(join(root, home, ".profile"), loginProfile());
    const mark = `${MARK_NAME}=${sandboxId}`;
    const ended = new EndedCommands(this.options.clock);
    const watches = new FolderWatches();
    this.machines.set(sandboxId, { sandboxId, root, mark, envs, commands: new Map(), ended, watches });
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
    machine.watches.cutStreams("unavailable");
  }

  async continue(sandboxId: string): Promise<void> {
    const machine = this.machine(sandboxId);
    await continueAll(machine.mark);
    for (const { command } of machine.commands.values()) command.resumeLifetime();
  }

  async destroy(sandboxId: string): Promise<void> {
    const machine = this.machine(sandboxId);
    for (const { command } of machine.commands.values()) command.cutStreams("dropped");
    machine.watches.close("dropped");
    await killAll(machine.mark);
    this.machines.delete(sandboxId);
    await rm(machine.root, { recursive: true, force: true });
  }

  async powerOff(sandboxId: string): Promise<void> {
    const machine = this.machine(sandboxId);
    for (const { command } of machine.commands.values()) command.cutStreams("unavailable");
    machine.watches.close("unavailable");
    await killAll(machine.mark);
  }

  async powerOn(sandboxId: string): Promise<void> {
    // Memory is what held the variables of its creation (e2b.md §2.3).
    this.machine(sandboxId).ended.clear();
    this.machines.set(sandboxId, { ...this.machine(sandboxId), envs: {} });
  }

  /** The files only: processes of this machine cannot be copied, so a snapshot always starts without any. */
  async saveSnapshot(sandboxId: string, snapshotId: string): Promise<void> {
    await copyFolder(this.machine(sandboxId).root, this.snapshotFolder(snapshotId));
  }

  async removeSnapshot(snapshotId: string): Promise<void> {
    await rm(this.snapshotFolder(snapshotId), { recursive: true, force: true });
  }

  async usage(sandboxId: string): Promise<MachineUsage> {
    return usageOf(this.machine(sandboxId));
  }

  find(sandboxId: string): Machine | undefined {
    return this.machines.get(sandboxId);
  }

  async run(machine: Machine, request: CommandInSandbox): Promise<Command> {
    const { asked, envs, user, ...rest } = request;
    const marks = { [MARK_NAME]: machine.sandboxId, [INSTANCE_NAME]: this.options.instanceId };
    const own = sandboxEnvironment(machine.root, marks, this.options, user);
    const environment = { ...merged(own, { ...machine.envs, ...envs }), ...marks };
    const command = await startCommand(this.options.clock, { ...rest, environment });
    machine.ended.replace(command.pid, asked.tag);
    machine.commands.set(command.pid, { command, asked });
    command.whenEnded((end) => machine.ended.keep(command.pid, asked.tag, end));
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
  await copyMetadataBelow(from, to);
}

/** The client's variables win, but its NODE_OPTIONS come after the preload. */
function merged(
  own: Readonly<Record<string, string>>,
  clients: Readonly<Record<string, string>>,
): Record<string, string> {
  const options = [own.NODE_OPTIONS, clients.NODE_OPTIONS].filter(Boolean).join(" ");
  return { ...own, ...clients, NODE_OPTIONS: options };
}
