/**
 * Owns what the core needs of a store: each method is one atomic script, idempotent, and answers with the snapshot
 * that it left behind. It must never be read and then written in two calls where one script would do.
 * Fails closed: every method throws `StoreUnreachableError` when no answer came (the script may have run; calling
 * again with the same ids is safe), `StoreRefusedError`, or `RecordUnreadableError`.
 */
import type { HoldKey, LeaseId, PreviewId, SandboxId, Scope, ViewerId } from "@/lib/ids";
import type { HistoryEntry, HistoryFields } from "@/lib/preview/history";
import type { Reason } from "@/lib/preview/reasons";
import type { Phase, PreviewRecord, Snapshot, Wanted } from "@/lib/preview/record";
import type { State } from "@/lib/preview/transitions";

/** A granted claim: what every write of its holder must still match. */
export interface Lease {
  readonly scope: Scope;
  readonly leaseId: LeaseId;
  readonly epoch: number;
}

export type ClaimRequest = {
  readonly leaseId: LeaseId;
  /** Why the state changes; the usual reason of the move when absent. */
  readonly reason?: Reason;
  /** The epoch that the decision was made on: refused as busy when somebody has claimed since. */
  readonly ifEpoch?: number;
} & (
  | {
      readonly kind: "open";
      /** A failed preview starts only when a person asks. */
      readonly isByPerson: boolean;
      readonly viewerId?: ViewerId;
      /** The provider said that it does not run, whatever the record believes: never answered as warm. */
      readonly isDoubted?: boolean;
      /** Answered once: a request of this id that was completed changes nothing. */
      readonly requestId?: string;
      /** Names the jobs of a start that begins now. */
      readonly bootId: string;
      /** Its turn in the line has come: granted only if it still waits. */
      readonly isAdmitted?: boolean;
    }
  | {
      readonly kind: "pause";
      /** Refused when somebody was active within this time; a hold always refuses it. */
      readonly idleForMs?: number;
      /** Refused when a viewer is there. */
      readonly mustBeEmpty?: boolean;
      /** An operator's word: also under an agent's hold. */
      readonly isForced?: boolean;
    }
  | {
      readonly kind: "renew";
      /** Refused when somebody was active within this time, or when an agent holds it; neither when absent. */
      readonly quietForMs?: number;
    }
  | {
      /** Work on the files of a preview that runs and goes on running. */
      readonly kind: "sync";
    }
  | {
      readonly kind: "settle";
      /** Written with the claim, so that a wish that comes later is not overwritten by the commit. */
      readonly wanted?: Wanted;
    }
  | {
      /** A sandbox that is there already becomes this preview's; granted only where the record names none. */
      readonly kind: "adopt";
      readonly wanted: Wanted;
      readonly bootId: string;
      /** The highest epoch that the provider knows of this preview: later ones are above it. */
      readonly epochFloor: number;
    }
  | {
      /** A preview at rest lets its sandbox go. */
      readonly kind: "retire";
    }
);

export type ClaimReply =
  | {
      readonly kind: "granted";
      readonly lease: Lease;
      readonly snapshot: Snapshot;
    }
  | {
      readonly kind: "warm" | "busy" | "active" | "needs-person" | "completed";
      readonly snapshot: Snapshot;
    }
  /** It stands in the line for a place; with `isUnattended` nobody looks after the line, and somebody has to be called. */
  | { readonly kind: "waiting"; readonly isUnattended: boolean; readonly snapshot: Snapshot }
  | { readonly kind: "refused"; readonly reason: Reason; readonly snapshot: Snapshot }
  | { readonly kind: "not-applicable"; readonly snapshot?: Snapshot };

export interface Commit {
  /** Unique for what is achieved, the same when it is tried again; a repeated commit changes nothing. */
  readonly operation: string;
  readonly claim: "hold" | "release";
  readonly become?: State;
  readonly reason?: Reason;
  readonly wanted?: Wanted;
  readonly set?: Readonly<Record<string, string | number>>;
  readonly remove?: readonly string[];
  /**
   * When the sweep looks if nobody else did; `never` takes the preview out of the due index, and `when-running` is after
   * the first of a running preview's deadlines, computed from what this commit leaves behind.
   */
  readonly check: { readonly at: number } | { readonly inMs: number } | "never" | "when-running";
  readonly requestId?: string;
  /** A sandbox that the record lets go with this commit, for good: no later commit names it. */
  readonly condemn?: SandboxId;
  /** The record says that it rests, and its sandbox may run on: it keeps its place. */
  readonly mayRunOn?: boolean;
  /** When its run ended, where the provider said; else by now. */
  readonly endedAt?: number;
  /** Its start failed for good: counted against the project. */
  readonly failure?: Reason;
  /** It lost its place to a sandbox that is not ours, and stands first in the line if it is wanted still. */
  readonly rejoinsLine?: boolean;
  /** Refused as `occupied` when the record names another sandbox than the one that is set. */
  readonly mustBeFree?: boolean;
}

export type CommitReply =
  | { readonly kind: "committed"; readonly snapshot: Snapshot }
  /** Another worker has taken over; nothing was written. */
  | { readonly kind: "lost"; readonly snapshot: Snapshot }
  /** The sandbox was marked for destruction, or the record names another; nothing was written. */
  | { readonly kind: "condemned" | "occupied"; readonly snapshot: Snapshot };

export type Sign =
  | { readonly kind: "beat"; readonly viewerId: ViewerId }
  | { readonly kind: "left"; readonly viewerId: ViewerId }
  /** A signal of the product's own, at a time that is never taken as later than Redis's now. */
  | { readonly kind: "activity"; readonly at: number }
  /** The event of this number could not be sent: the next beat sends again. */
  | { readonly kind: "unsent"; readonly emitSeq: number };

export interface Touched {
  readonly snapshot: Snapshot;
  /** The number of the event to send now; absent when none is due. */
  readonly emitSeq?: number;
}

export type HoldReply =
  | { readonly kind: "held"; readonly endsAt: number; readonly snapshot: Snapshot }
  | { readonly kind: "released" | "not-held"; readonly snapshot: Snapshot }
  /** There is no such preview. */
  | { readonly kind: "absent" };

export interface Extension {
  readonly sandboxId: SandboxId;
  readonly runStartedAt: number;
  /** As the provider confirmed it. */
  readonly endsAt: number;
  /** The provider gave less than it was asked for: there this run ends. */
  readonly isClamped?: boolean;
}

export interface Due {
  readonly previews: readonly Scope[];
  /** Somebody waits for a place, and nobody looks after the line any more. */
  readonly isLineUnattended: boolean;
}

export interface PreviewStore {
  previewIdOf(scope: Scope): PreviewId;
  /** The snapshot and the last lines of the boot's log; a preview that was never opened reads as `absent`. */
  read(scope: Scope): Promise<{ readonly snapshot: Snapshot; readonly logTail: string }>;
  claim(scope: Scope, request: ClaimRequest): Promise<ClaimReply>;
  /** @throws LeaseLostError when another took over; the caller must stop without touching anything. */
  renewLease(lease: Lease, progress: { phase?: Phase; logTail?: string }): Promise<Snapshot>;
  /**
   * A sandbox is about to be made that will have this ticket among its labels: if nobody ever names it, it is known for
   * what it is. @throws LeaseLostError
   */
  beginCreate(lease: Lease, ticket: string): Promise<Snapshot>;
  /** @throws IllegalTransitionError when the table of transitions does not have the move. */
  commit(lease: Lease, commit: Commit): Promise<CommitReply>;
  /** False when the record names the sandbox: then it must not be destroyed. */
  condemn(scope: Scope, sandboxId: SandboxId): Promise<boolean>;
  /** Undefined when there is no such preview: a sign of life starts nothing. */
  touch(scope: Scope, sign: Sign): Promise<Touched | undefined>;
  /** Takes the hold of this key, or answers the end of the one that is held already: asking again moves nothing. */
  hold(scope: Scope, key: HoldKey, maxMs: number): Promise<HoldReply>;
  /** Gives the hold back; idempotent. */
  release(scope: Scope, key: HoldKey): Promise<HoldReply>;
  /** Writes that the product has newer files than the sandbox; undefined when there is no such preview. */
  askSync(scope: Scope): Promise<Snapshot | undefined>;
  /** Whether its user was told of this step of their time before; `mark` writes that they are now. */
  usageTold(scope: Scope, step: string, mark: boolean): Promise<boolean>;
  /** What happened to it, newest first; at most so many. */
  history(scope: Scope, most: number): Promise<readonly HistoryEntry[]>;
  /** Adds what is no move; moves are remembered by the scripts that make them. Not idempotent, and told of for no more. */
  note(scope: Scope, entry: HistoryFields): Promise<void>;
  recordExtension(scope: Scope, extension: Extension): Promise<"recorded" | "not-later" | "other-run">;
  /** The previews whose time to be looked at has come; each one's time is pushed forward, never removed. */
  takeDue(most: number, pushForwardMs: number): Promise<Due>;
}

/** What a preview that was never opened looks like. */
export function absentRecord(scope: Scope): PreviewRecord {
  return {
    v: "1",
    state: "absent",
    projectId: scope.projectId,
    userId: scope.userId,
    wanted: "resting",
    epoch: 0,
    reason: "never-opened",
    changedAt: 0,
  };
}
