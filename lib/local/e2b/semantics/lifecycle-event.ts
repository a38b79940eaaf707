/**
 * Owns what the cloud tells of a sandbox's life, as E2B's events API names it (e2b.md §5.4). Types only.
 */
import type { SandboxView } from "@/lib/local/e2b/semantics/sandbox-view";

/** E2B knows more reasons, which nobody here can cause. A kill from outside is `unknown`. */
export type KillReason = "request" | "timeout" | "unknown";

export type LifecycleChange =
  | { readonly kind: "created" | "paused" | "resumed" | "checkpointed" }
  /**
   * The end of its run was set, to so many seconds from then, or its network was. E2B's `set_timeout` is the end
   * itself, as text: `sandbox.endAt`.
   */
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
