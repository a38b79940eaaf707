/**
 * Owns the port between E2B's semantics and whatever stands for a machine: real processes, or a simulation's numbers.
 * Each effect resolves when it has really happened, or rejects, and then nothing has changed. It must never carry a
 * rule of E2B's: when something happens is the cloud's business.
 */

export interface MachineBoot {
  /** Seen by every command; kept in memory only, so a cold boot has lost them (e2b.md §2.3). */
  readonly envs: Readonly<Record<string, string>>;
  /** Whose files it starts with; a template's when absent. */
  readonly snapshotId?: string | undefined;
}

/** One reading, in E2B's units. */
export interface MachineUsage {
  readonly cpuUsedPct: number;
  readonly memUsedBytes: number;
  readonly diskUsedBytes: number;
}

export interface Machines {
  start(sandboxId: string, boot: MachineBoot): Promise<void>;
  /** All processes stand still, memory kept. */
  stop(sandboxId: string): Promise<void>;
  continue(sandboxId: string): Promise<void>;
  /** Every process ends, the files stay: a pause without memory, or a memory that was lost. Also of a stopped one. */
  powerOff(sandboxId: string): Promise<void>;
  /** Goes on after `powerOff`, on the same files. */
  powerOn(sandboxId: string): Promise<void>;
  /** Also of a stopped one. */
  destroy(sandboxId: string): Promise<void>;
  /** The files as they are now, under a name of their own; they outlive the sandbox. */
  saveSnapshot(sandboxId: string, snapshotId: string): Promise<void>;
  removeSnapshot(snapshotId: string): Promise<void>;
  usage(sandboxId: string): Promise<MachineUsage>;
  /** A fault from outside: these paths inside the sandbox are gone, folders with all that is in them. */
  loseFiles(sandboxId: string, paths: readonly string[]): Promise<void>;
}
