/**
 * Owns machines without processes for E2B's semantics: each has jobs that take their own running time, which stands
 * still while the machine is stopped, as memory and processes do. What a project's install and server do is scripted.
 * It must never decide what E2B decides (timeouts, states): that is the stand-in's. Cannot fail.
 */
import type { Clock } from "@/lib/clock";
import type { Machines } from "@/lib/local/e2b/semantics/machines";

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
}

export class VirtualMachines implements Machines {
  /** Every job that was really started, in order. */
  readonly startedJobs: StartedJob[] = [];
  private readonly machines = new Map<string, Machine>();

  constructor(
    private readonly clock: Clock,
    readonly project: ProjectScript,
  ) {}

  async start(sandboxId: string): Promise<void> {
    this.machines.set(sandboxId, { ranBeforeMs: 0, runningSince: this.clock.now(), jobs: new Map() });
  }

  async stop(sandboxId: string): Promise<void> {
    const machine = this.find(sandboxId);
    machine.ranBeforeMs = this.ranMs(machine);
    machine.runningSince = undefined;
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

  async saveSnapshot(): Promise<void> {
    // Files are not modelled here, so a snapshot has nothing to hold.
  }

  async removeSnapshot(): Promise<void> {
    // As above.
  }

  async loseFiles(): Promise<void> {
    // As above.
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
