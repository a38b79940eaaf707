/**
 * Owns machines without processes for E2B's semantics: each has jobs that take their own running time, which stands
 * still while the machine is stopped, as memory and processes do, and files, which a test can edit, lose and roll back.
 * What a project's install and server do is scripted.
 * It must never decide what E2B decides (timeouts, states): that is the stand-in's. Cannot fail.
 */
import type { Clock } from "@/lib/clock";
import type { MachineBoot, Machines } from "@/lib/local/e2b/semantics/machines";
import type { WorkspaceFile } from "@/lib/sandbox/port";
import { runScript, textAt, type VirtualFiles, withFiles, without } from "./virtual-files";

/** What the project in a machine does when it is started. */
export interface ProjectScript {
  installMs: number;
  installExitCode: number;
  /** Undefined: it never answers. */
  answersAfterMs: number | undefined;
  /** Undefined: it stays. */
  exitsAfterMs: number | undefined;
}

export interface StartedJob {
  readonly sandboxId: string;
  readonly name: string;
  readonly script: string;
  readonly at: number;
}

interface Machine {
  ranBeforeMs: number;
  runningSince: number | undefined;
  readonly jobs: Map<string, { readonly script: string; readonly startedAtMs: number }>;
  files: VirtualFiles;
  /** As they were at the last pauses, the latest last. */
  filesAtPauses: readonly VirtualFiles[];
}

/** Where E2B's paths inside a sandbox begin. */
const HOME = "/home/user/";

export class VirtualMachines implements Machines {
  /** Every job that was really started, in order. */
  readonly startedJobs: StartedJob[] = [];
  private readonly machines = new Map<string, Machine>();
  private readonly snapshots = new Map<string, VirtualFiles>();

  constructor(
    private readonly clock: Clock,
    readonly project: ProjectScript,
  ) {}

  async start(sandboxId: string, boot?: MachineBoot): Promise<void> {
    const files = this.snapshots.get(boot?.snapshotId ?? "") ?? new Map();
    const runningSince = this.clock.now();
    this.machines.set(sandboxId, { ranBeforeMs: 0, runningSince, jobs: new Map(), files, filesAtPauses: [] });
  }

  async stop(sandboxId: string): Promise<void> {
    const machine = this.find(sandboxId);
    machine.ranBeforeMs = this.ranMs(machine);
    machine.runningSince = undefined;
    machine.filesAtPauses = [...machine.filesAtPauses.slice(-1), machine.files];
  }

  async continue(sandboxId: string): Promise<void> {
    this.find(sandboxId).runningSince = this.clock.now();
  }

  async powerOff(sandboxId: string): Promise<void> {
    await this.stop(sandboxId);
    this.stopJobs(sandboxId);
  }

  async powerOn(sandboxId: string): Promise<void> {
    await this.continue(sandboxId);
  }

  async destroy(sandboxId: string): Promise<void> {
    this.machines.delete(sandboxId);
  }

  async saveSnapshot(sandboxId: string, snapshotId: string): Promise<void> {
    this.snapshots.set(snapshotId, this.find(sandboxId).files);
  }

  async removeSnapshot(snapshotId: string): Promise<void> {
    this.snapshots.delete(snapshotId);
  }

  async loseFiles(sandboxId: string, paths: readonly string[]): Promise<void> {
    const machine = this.find(sandboxId);
    const inHome = paths.map((path) => (path.startsWith(HOME) ? path.slice(HOME.length) : path));
    machine.files = without(machine.files, inHome);
  }

  /** Paths are relative to the home, as in the sandbox port; stamped with the clock's time unless another is given. */
  writeFiles(sandboxId: string, files: readonly WorkspaceFile[]): void {
    const machine = this.find(sandboxId);
    machine.files = withFiles(machine.files, files, this.clock.now());
  }

  readFiles(sandboxId: string, paths: readonly string[]): WorkspaceFile[] {
    const { files } = this.find(sandboxId);
    return paths.flatMap((path) => {
      const file = files.get(path);
      return file ? [{ path, content: file.content }] : [];
    });
  }

  /** What the script prints. */
  runScript(sandboxId: string, script: string, variables: Readonly<Record<string, string>>): string {
    const machine = this.find(sandboxId);
    const { files, stdout } = runScript(machine.files, script, variables, this.clock.now());
    machine.files = files;
    return stdout;
  }

  /** As a person or an agent in the machine does it; `app/…` is the project. A time of its own makes it a lost write. */
  editFile(sandboxId: string, path: string, text: string, modifiedAt = this.clock.now()): void {
    const machine = this.find(sandboxId);
    machine.files = withFiles(machine.files, [{ path, content: text }], modifiedAt);
  }

  deleteFile(sandboxId: string, path: string): void {
    const machine = this.find(sandboxId);
    machine.files = without(machine.files, [path]);
  }

  /** Empty when there is no such file. */
  fileText(sandboxId: string, path: string): string {
    return textAt(this.find(sandboxId).files, path);
  }

  filePaths(sandboxId: string): string[] {
    return [...this.find(sandboxId).files.keys()].sort();
  }

  /**
   * As E2B's bugs around a second resume do: the files are those of the pause before the last one again, with their old
   * times; those of an empty machine where there was none.
   */
  rollBackFiles(sandboxId: string): void {
    const machine = this.find(sandboxId);
    machine.files = machine.filesAtPauses.length > 1 ? (machine.filesAtPauses[0] ?? new Map()) : new Map();
  }

  async usage() {
    return { cpuUsedPct: 0, memUsedBytes: 0, diskUsedBytes: 0 };
  }

  /** Once for each name, as `mkdir` in the real script. */
  startJob(sandboxId: string, name: string, script: string): void {
    const machine = this.find(sandboxId);
    if (machine.jobs.has(name)) return;
    machine.jobs.set(name, { script, startedAtMs: this.ranMs(machine) });
    this.startedJobs.push({ sandboxId, name, script, at: this.clock.now() });
  }

  /** What the polling script prints. */
  pollJob(sandboxId: string, name: string): string {
    const machine = this.find(sandboxId);
    const job = machine.jobs.get(name);
    if (!job) return "not-started\n";
    const ranMs = this.ranMs(machine) - job.startedAtMs;
    const tail = `${job.script} for ${Math.floor(ranMs / 5_000) * 5} s\n`;
    const exitCode = this.exitCodeOf(job.script, ranMs);
    return exitCode === undefined ? `running\n${tail}` : `exited ${exitCode}\n${tail}`;
  }

  stopJobs(sandboxId: string): void {
    this.find(sandboxId).jobs.clear();
  }

  /** As when the server crashed inside a machine that lives. */
  loseServer(sandboxId: string): void {
    const { jobs } = this.find(sandboxId);
    for (const [name, job] of jobs) if (job.script === "start.sh") jobs.delete(name);
  }

  serverAnswers(sandboxId: string): boolean {
    const machine = this.machines.get(sandboxId);
    if (machine?.runningSince === undefined) return false;
    const { answersAfterMs } = this.project;
    if (answersAfterMs === undefined) return false;
    return [...machine.jobs.values()].some(({ script, startedAtMs }) => {
      const ranMs = this.ranMs(machine) - startedAtMs;
      return script === "start.sh" && this.exitCodeOf(script, ranMs) === undefined && ranMs >= answersAfterMs;
    });
  }

  /** How long its processes have really run. */
  ranFor(sandboxId: string): number {
    return this.ranMs(this.find(sandboxId));
  }

  private exitCodeOf(script: string, ranMs: number): number | undefined {
    const { installMs, installExitCode, exitsAfterMs } = this.project;
    if (script === "install.sh") return ranMs >= installMs ? installExitCode : undefined;
    return exitsAfterMs !== undefined && ranMs >= exitsAfterMs ? 1 : undefined;
  }

  private ranMs({ ranBeforeMs, runningSince }: Machine): number {
    return ranBeforeMs + (runningSince === undefined ? 0 : this.clock.now() - runningSince);
  }

  private find(sandboxId: string): Machine {
    const machine = this.machines.get(sandboxId);
    if (!machine) throw new Error(`there is no machine ${sandboxId}`);
    return machine;
  }
}
