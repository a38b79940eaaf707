/**
 * Owns removing all that is kept of a preview. (Its work follows.)
 */
import type { SandboxId, Scope } from "@/lib/ids";

/** What was removed, for whoever asked for it. `at` is Redis's time. */
export interface Receipt {
  readonly at: number;
  readonly previews: readonly {
    readonly scope: Scope;
    readonly sandboxes: readonly SandboxId[];
    readonly snapshots: readonly string[];
    readonly hadRecord: boolean;
    readonly historyEntries: number;
    /** What the product's own store said it removed; absent where it takes no part. */
    readonly productSaves?: "removed" | "not-supported";
  }[];
  /** The user's ledger and suspension, when all of a user was forgotten. */
  readonly isUserForgotten: boolean;
}
