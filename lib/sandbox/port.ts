/**
 * Owns what the core needs of a sandbox provider, in the core's own words. No vendor type, error or habit passes
 * this line. It must never be asked to connect by anybody but the holder of a claim, because connecting resumes.
 * Fails closed: every method throws only errors of the catalogue (`ProviderUnreachableError`, `ProviderBusyError`,
 * `ProviderRateError`, `ProviderCapacityError`, `ProviderRefusedError`, `SandboxGoneError`).
 */
import type { SandboxId } from "@/lib/ids";

/** What travels with a sandbox, so that it can be found and owned without our own store. */
export interface SandboxLabels {
  readonly app: string;
  readonly env: string;
  readonly previewId: string;
  readonly projectId: string;
  readonly userId: string;
  readonly epoch: string;
  readonly revision: string;
  readonly v: string;
  /** Under which its making is remembered, so that one that nobody ever named is known for that. */
  readonly ticket?: string;
}

export type ObservedSandbox =
  | { readonly kind: "gone" }
  | { readonly kind: "running"; readonly startedAt: number; readonly endsAt: number }
  /** `pausedAt` is the provider's own time of the pause. */
  | { readonly kind: "paused"; readonly pausedAt: number };

export interface FoundSandbox {
  readonly sandboxId: SandboxId;
  readonly state: "running" | "paused";
  readonly startedAt: number;
  readonly endsAt: number;
  readonly epoch: number;
}

/** One of a listing, with the labels that it was made with; a stranger's may have any or none. */
export interface ListedSandbox {
  readonly sandboxId: SandboxId;
  readonly state: "running" | "paused";
  readonly startedAt: number;
  /** Of a paused one the time of its pause. */
  readonly endsAt: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface SandboxPage {
  readonly sandboxes: readonly ListedSandbox[];
  /** Where the next page begins; absent on the last. */
  readonly next?: string;
}

/** A sandbox that runs now, by the provider's word. */
export interface RunningSandbox {
  readonly sandboxId: SandboxId;
  readonly startedAt: number;
  readonly endsAt: number;
}

export type Extended =
  | { readonly kind: "extended"; readonly startedAt: number; readonly endsAt: number }
  /** The run is past its plan's length; only a new run helps. */
  | { readonly kind: "past-cap" }
  | { readonly kind: "paused"; readonly pausedAt: number }
  | { readonly kind: "gone" };

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
}

export interface WorkspaceFile {
  /** Relative to the sandbox's home, with forward slashes. */
  readonly path: string;
  readonly content: Uint8Array;
}

export interface Sandboxes {
  /** A new sandbox, running. Not idempotent: the caller first looks for one by its labels. */
  create(labels: SandboxLabels, keepAliveMs: number): Promise<RunningSandbox>;
  /**
   * The sandbox, running: resumed when it was paused, extended when it ran (never shortened). The answer may carry
   * another id than was asked for; compare it. @throws SandboxGoneError
   */
  connect(sandboxId: SandboxId, keepAliveMs: number, deadlineMs?: number): Promise<RunningSandbox>;
  /**
   * The sandbox, running on its files alone: memory and processes are dropped, also those of one that runs. For a memory
   * that cannot be trusted. Repeating it after a lost answer boots once more. @throws SandboxGoneError
   */
  reboot(sandboxId: SandboxId, keepAliveMs: number, deadlineMs?: number): Promise<RunningSandbox>;
  /** What the provider knows; never wakes anything. */
  observe(sandboxId: SandboxId): Promise<ObservedSandbox>;
  /** The labels that it was made with, a stranger's too; undefined when there is no such sandbox. Never wakes anything. */
  labelsOf(sandboxId: SandboxId): Promise<Readonly<Record<string, string>> | undefined>;
  /** Asks for an end `keepAliveMs` from now and answers the end that the provider then really has. */
  extend(sandboxId: SandboxId, keepAliveMs: number): Promise<Extended>;
  /** Paused with memory and processes kept, also when it was paused already; `gone` when there is none. */
  pause(sandboxId: SandboxId): Promise<"paused" | "gone">;
  /** True when there was one to kill. Call only after the id was condemned. */
  kill(sandboxId: SandboxId): Promise<boolean>;
  /** All of a preview's sandboxes, running and paused, of the highest epoch first. */
  find(labels: Pick<SandboxLabels, "app" | "env" | "previewId">): Promise<readonly FoundSandbox[]>;
  /**
   * A page of all sandboxes of this app and environment, or of one user's among them, running and paused, newest first; at
   * most 100.
   */
  listPage(
    labels: Pick<SandboxLabels, "app" | "env"> & Partial<Pick<SandboxLabels, "userId">>,
    from?: string,
  ): Promise<SandboxPage>;
  /** How many sandboxes of the whole account run: those of this app and environment, and all others. */
  count(
    labels: Pick<SandboxLabels, "app" | "env">,
  ): Promise<{ readonly ours: number; readonly others: number }>;
  /** The snapshots that were made of a sandbox; they outlive it. */
  snapshotsOf(sandboxId: SandboxId): Promise<readonly string[]>;
  /** True when there was one to delete. Refused while a sandbox stands on it. @throws ProviderRefusedError */
  deleteSnapshot(snapshotId: string): Promise<boolean>;
  /** Replaces these files in the sandbox's home; no path twice. Not atomic: after a failure any of them may be there. */
  writeFiles(sandboxId: SandboxId, files: readonly WorkspaceFile[]): Promise<void>;
  /** These files of the sandbox's home, byte for byte, in the order asked for; what is no file or not there is left out. */
  readFiles(sandboxId: SandboxId, paths: readonly string[]): Promise<readonly WorkspaceFile[]>;
  /** Runs a script by the shell in the home and waits for its end. */
  run(sandboxId: SandboxId, script: string, options: CommandOptions): Promise<CommandResult>;
  /** Starts a script and lets go of it: it lives until it ends by itself or the sandbox does. */
  startInBackground(sandboxId: SandboxId, script: string, options: CommandOptions): Promise<void>;
}

export interface CommandOptions {
  readonly variables: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
}
