/**
 * Owns what an operator can do, as one interface that the command line, a product's own pages and scripts share. Types
 * only. Whatever ends or destroys something says so in its answer; nothing here asks whether one is sure. Each method
 * fails with errors of the catalogue, and repeating it is harmless unless it says otherwise.
 */
import type { Whose } from "@/lib/ids";
import type { Explanation } from "@/lib/preview/explain";
import type { AuditReport } from "@/lib/preview/operations/audit";
import type { Receipt } from "@/lib/preview/operations/forget";
import type { Reason } from "@/lib/preview/reasons";
import type { State } from "@/lib/preview/transitions";
import type { PreviewView } from "@/lib/preview/view";
import type { FleetState, Suspension, Switched, SwitchName } from "@/lib/store/fleet";

/** One line of a listing. Times are Redis's, in milliseconds. */
export interface PreviewSummary extends Whose {
  readonly state: State;
  readonly reason: Reason;
  readonly changedAt: number;
  readonly lastActiveAt?: number;
  readonly sandboxId?: string;
  readonly viewers: number;
  readonly holds: number;
  /** Its place in the line, while it waits for one. */
  readonly position?: number;
}

export interface Listing {
  /** The last changed first. */
  readonly previews: readonly PreviewSummary[];
  /** Where the next page begins; absent on the last. */
  readonly next?: string;
  readonly fleet: FleetState;
}

export interface ListQuery {
  /** A page looks at so many and may show fewer: those of another state are left out. */
  readonly state?: State;
  readonly userId?: string;
  readonly projectId?: string;
  readonly from?: string;
  readonly most?: number;
}

/** How a thing that was asked of one preview ended. `word` is for people. */
export interface Done {
  readonly kind: "done" | "nothing-to-do" | "refused";
  readonly word: string;
  readonly view: PreviewView;
}

/** What one user's sandboxes have run, in milliseconds; a limit of 0 is none. */
export interface Usage {
  readonly dayMs: number;
  readonly dayLimitMs: number;
  readonly monthMs: number;
  readonly monthLimitMs: number;
}

export interface Shown {
  readonly view: PreviewView;
  readonly explanation: Explanation;
  readonly usage: Usage;
  /** While its user may run nothing: who said so, since when and why. */
  readonly suspension?: Suspension;
}

export interface Operator {
  list(query?: ListQuery): Promise<Listing>;
  /** Previews by project, user, sandbox id, `project/user` or a preview's address; also when the sandbox is gone. */
  find(term: string): Promise<readonly Whose[]>;
  show(whose: Whose): Promise<Shown>;
  /** Opens it as a person would. */
  open(whose: Whose): Promise<PreviewView>;
  /** Brings it to rest, memory kept, also while somebody is there. `hold-everything` refuses it. */
  pause(whose: Whose): Promise<Done>;
  /** Ends its sandbox for good, after saving what can be saved; the preview is rebuilt when opened. */
  kill(whose: Whose): Promise<Done>;
  /** Counts as a sign of life now, and moves the provider's end. */
  extend(whose: Whose): Promise<Done>;
  sync(whose: Whose): Promise<PreviewView>;
  /** Looks at everything that is due now; `done` is told after each, of `total`. */
  sweep(told?: (progress: Progress) => void): Promise<{ readonly looked: number }>;
  /** Compares the provider's list with Redis both ways, and mends; a dry run only says what it would do. */
  audit(options?: { readonly isDryRun?: boolean }, told?: (progress: Progress) => void): Promise<AuditReport>;
  fleet(): Promise<FleetState>;
  turn(
    name: SwitchName,
    to: { readonly on: true; readonly by: string; readonly why: string } | { readonly on: false },
  ): Promise<readonly Switched[]>;
  /** No opens for this user from now on, and what runs of theirs goes to rest. */
  suspend(userId: string, by: string, why: string): Promise<{ readonly rested: number }>;
  unsuspend(userId: string): Promise<boolean>;
  /** Takes a sandbox that runs already as this preview's own. */
  adopt(whose: Whose, sandbox: { readonly sandboxId: string; readonly port: number }): Promise<Done>;
  /** Removes a preview, or all of a user: sandbox, what was saved in it, record and history. Cannot be undone. */
  forget(what: Whose | { readonly userId: string }, told?: (progress: Progress) => void): Promise<Receipt>;
}

export interface Progress {
  readonly done: number;
  /** Where it is known. */
  readonly total?: number;
  readonly what: string;
}
