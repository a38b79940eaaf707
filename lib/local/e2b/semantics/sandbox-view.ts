/**
 * Owns what the cloud tells of a sandbox: what was asked at its creation and is kept across pauses, and what `get` and
 * `list` show. Types only. It must never carry a token: views reach logs, events and pages.
 */
import type { Listable } from "@/lib/local/e2b/semantics/listing";

export type OnTimeout = "pause" | "kill";

/** Whether a pause keeps memory and processes, or the files only (E2B's `memory: false`). */
export type Memory = "kept" | "dropped";

/** How a paused one comes back: with its memory, or booted anew from its files. */
export type Boot = "memory" | "cold";

export interface SandboxIdentity {
  readonly sandboxId: string;
  readonly templateId: string;
  /** The template's name; a snapshot without a name has none. */
  readonly alias: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly onTimeout: OnTimeout;
  /** What an automatic pause does with the memory. */
  readonly memoryOnTimeout: Memory;
  /** Whether traffic wakes it. */
  readonly autoResume: boolean;
  /** How long a run lasts that traffic started; later timeouts are not remembered (e2b.md §2.6). */
  readonly autoResumeMs: number;
  /** False: previews want the sandbox's traffic token. Undefined as it was asked; E2B's default is true. */
  readonly allowPublicTraffic: boolean | undefined;
}

/** A sandbox as `get` and `list` show it: one being paused or resumed shows as paused, one being copied as running. */
export interface SandboxView extends SandboxIdentity, Listable {
  /** Milliseconds since the epoch; of a paused one the time of its pause (e2b.md §2.5). */
  readonly endAt: number;
  /** As it was asked: E2B shows nothing where nobody asked. */
  readonly allowInternetAccess: boolean | undefined;
}
