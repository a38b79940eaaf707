/**
 * Owns what the cloud tells of a sandbox's life, as E2B's events API names it (e2b.md §5.4). Types only.
 */
import type { SandboxView } from "@/lib/local/e2b/sandbox-life";

export type KillReason = "request" | "timeout" | "unknown";

export type LifecycleChange =
  | { readonly kind: "created" | "paused" | "resumed" | "checkpointed" }
  /** The end of its run was moved, or its network changed. */
  | { readonly kind: "updated"; readonly setTimeoutSeconds?: number }
  | { readonly kind: "killed"; readonly killReason: KillReason };

export interface LifecycleEvent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly change: LifecycleChange;
  readonly sandbox: SandboxView;
  /** One a run: a resume starts another. */
  readonly executionId: string;
}
