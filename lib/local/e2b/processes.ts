/**
 * Owns the real machines behind `Machines`: a sandbox is a folder and all processes that carry its mark. It must
 * never touch a process or a folder that is not one of its sandboxes'. Fails closed: what could not be stopped or
 * killed rejects. How sandboxes are kept apart on this machine is the containers' business.
 */
import { renameSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Clock } from "@/lib/clock";
import type { Container, Containers } from "@/lib/local/e2b/containers/container";
import { portsFolder } from "@/lib/local/e2b/containers/mapped-ports";
import { copyMetadataBelow } from "@/lib/local/e2b/envd/file-metadata";
import { FolderWatches } from "@/lib/local/e2b/envd/folder-watches";
import { type Command, prepareToStart, startCommand } from "@/lib/local/e2b/machine/command";
import { copyFiles } from "@/lib/local/e2b/machine/copy-files";
import type { Cut } from "@/lib/local/e2b/machine/cut";
import { EndedCommands } from "@/lib/local/e2b/machine/ended-commands";
import { loseFilesIn } from "@/lib/local/e2b/machine/lost-files";
import { usageOf } from "@/lib/local/e2b/machine/machine-usage";
import { removeFolder } from "@/lib/local/e2b/machine/remove-folder";
import { loginProfile } from "@/lib/local/e2b/machine/sandbox-environment";
import { HOME, HOME_OF_ROOT, makeSandboxFolders } from "@/lib/local/e2b/machine/sandbox-paths";
import type { SandboxUser } from "@/lib/local/e2b/machine/sandbox-user";
import type { TerminalSize } from "@/lib/local/e2b/machine/started-process";
import type { MachineBoot, Machines, MachineUsage } from "@/lib/local/e2b/semantics/machines";

export interface ProcessMachinesOptions {
  readonly clock: Clock;
  /** Holds one folder a sandbox. */
  readonly sandboxesFolder: string;
  readonly containers: Containers;
}

export interface CommandInSandbox {
  readonly program: string;
  readonly args: readonly string[];
  /** The sandbox's own path of an existing folder. */
  readonly cwd: string;
  /** Default: the template's own user. */
  readonly user?: SandboxUser;
  readonly envs: Readonly<Record<string, string>>;
  /** Throws when the machine may not run it; asked last, because a pause may come while all else is made ready. */
  readonly refuseUnlessRunning: () => void;
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
  /** The folder that holds the sandbox's own files. */
  readonly root: string;
  readonly container: Container;
  readonly envs: Readonly<Record<string, string>>;
  /** By pid; those that are over are not in it. */
  readonly commands: Map<number, RunningCommand>;
  /** Starts under way: what is not quite inside yet would miss a pause. */
  readonly entering: Set<Promise<unknown>>;
  readonly ended: EndedCommands;
  readonly watches: FolderWatches;
}

export class ProcessMachines implements Machines {
  private readonly machines = new Map<string, Machine>();
  /** Under way or failed. */
  private readonly removals = new Set<Promise<void>>();

  constructor(private readonly options: ProcessMachinesOptions) {}

  async start(sandboxId: string, { envs, snapshotId }: MachineBoot): Promise<void> {
    const root = join(this.options.sandboxesFolder, sandboxId);
    // A snapshot has brought its own, and links of its making: nothing is written through those.
    if (snapshotId === undefined) await makeEmptyMachine(root);
    else await copyFolder(this.snapshotFolder(snapshotId), root);
    await mkdir(portsFolder(root));
    const container = this.options.containers.open(sandboxId, root);
    const ended = new EndedCommands(this.options.clock);
    const watches = new FolderWatches();
    const [commands, entering] = [new Map(), new Set<Promise<unknown>>()];
    this.machines.set(sandboxId, { sandboxId, root, container, envs, commands, entering, ended, watches });
  }

  async stop(sandboxId: string): Promise<void> {
    const machine = this.machine(sandboxId);
    // Lifetimes first: a process must not be killed by a timer in the middle of a pause.
    for (const { command } of machine.commands.values()) command.suspendLifetime();
    try {
      await Promise.allSettled(machine.entering);
      await machine.container.stop();
    } catch (error) {
      for (const { command } of machine.commands.values()) command.resumeLifetime();
      throw error;
    }
    this.cut(machine, "unavailable");
  }

  async continue(sandboxId: string): Promise<void> {
    const machine = this.machine(sandboxId);
    await machine.container.continue();
    for (const { command } of machine.commands.values()) command.resumeLifetime();
  }

  async destroy(sandboxId: string): Promise<void> {
    const machine = this.machine(sandboxId);
    this.cut(machine, "dropped");
    machine.watches.close();
    await machine.container.close();
    this.machines.delete(sandboxId);
    this.discard(machine.root);
  }

  async powerOff(sandboxId: string): Promise<void> {
    const machine = this.machine(sandboxId);
    this.cut(machine, "unavailable");
    machine.watches.close();
    await machine.container.killAll();
  }

  async powerOn(sandboxId: string): Promise<void> {
    await this.machine(sandboxId).container.reboot();
    // Memory is what held the variables of its creation (e2b.md §2.3).
    this.machine(sandboxId).ended.clear();
    this.machines.set(sandboxId, { ...this.machine(sandboxId), envs: {} });
  }

  /** The files only: processes of this machine cannot be copied, so a snapshot always starts without any. */
  async saveSnapshot(sandboxId: string, snapshotId: string): Promise<void> {
    await copyFolder(this.machine(sandboxId).root, this.snapshotFolder(snapshotId));
  }

  async removeSnapshot(snapshotId: string): Promise<void> {
    this.discard(this.snapshotFolder(snapshotId));
  }

  async loseFiles(sandboxId: string, paths: readonly string[]): Promise<void> {
    await loseFilesIn(this.machine(sandboxId).root, paths);
  }

  async usage(sandboxId: string): Promise<MachineUsage> {
    const machine = this.machine(sandboxId);
    const pids = machine.container.processes().map(({ pid }) => pid);
    return usageOf(pids, machine.root);
  }

  find(sandboxId: string): Machine | undefined {
    return this.machines.get(sandboxId);
  }

  async run(machine: Machine, request: CommandInSandbox): Promise<Command> {
    const { asked, program, args, cwd, user = "user", envs, refuseUnlessRunning, ...rest } = request;
    const launch = await machine.container.launch({
      program,
      args,
      cwd,
      user,
      envs: { ...machine.envs, ...envs },
    });
    await prepareToStart(rest);
    refuseUnlessRunning();
    const starting = startCommand(this.options.clock, { ...rest, ...launch });
    machine.entering.add(starting);
    const command = await starting.finally(() => machine.entering.delete(starting));
    machine.ended.replace(command.pid, asked.tag);
    machine.commands.set(command.pid, { command, asked });
    command.whenEnded((end) => machine.ended.keep(command.pid, asked.tag, end));
    command.whenOver(() => machine.commands.delete(command.pid));
    return command;
  }

  /** The last resort when the stand-in's process ends. */
  killAllAtOnce(): void {
    for (const machine of this.machines.values()) machine.container.killAtOnce();
  }

  /** The folders of what is no more are gone. Rejects when one could not be removed. */
  async tidied(): Promise<void> {
    const outcomes = await Promise.allSettled(this.removals);
    const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    if (failures.length > 0) throw new AggregateError(failures, "Folders of ended sandboxes remain");
  }

  /** Out of the way at once; a project's thousands of files are removed afterwards. */
  private discard(folder: string): void {
    const away = join(this.options.sandboxesFolder, `.gone-${basename(folder)}`);
    renameSync(folder, away);
    const removal = removeFolder(away);
    this.removals.add(removal);
    removal.then(
      () => this.removals.delete(removal),
      // Kept: `tidied` tells of it.
      () => undefined,
    );
  }

  private cut({ commands, container, watches }: Machine, why: Cut): void {
    for (const { command } of commands.values()) command.cutStreams(why);
    watches.cutStreams(why);
    container.disconnect();
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

async function makeEmptyMachine(root: string): Promise<void> {
  await makeSandboxFolders(root);
  for (const home of [HOME, HOME_OF_ROOT]) await writeFile(join(root, home, ".profile"), loginProfile());
}

/** What was written down of ports belongs to processes, and those are not copied. */
async function copyFolder(from: string, to: string): Promise<void> {
  try {
    await copyFiles(from, to, (path) => path === portsFolder(from));
    await copyMetadataBelow(from, to);
  } catch (error) {
    // Half a copy must not be taken for a whole one.
    await removeFolder(to);
    throw error;
  }
}
