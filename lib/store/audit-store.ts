/**
 * Owns what the audit and the forgetting need of a store. Each method is one atomic script and idempotent; a page of the
 * provider's list is one call. Fails closed like the store of one preview: `StoreUnreachableError` when no answer came
 * (calling again is safe), `StoreRefusedError`.
 */
import type { LeaseId, SandboxId, Scope, UserId } from "@/lib/ids";
import type { State } from "@/lib/preview/transitions";

/** A sandbox of the provider's list whose labels are a preview's of this environment. */
export interface LabelledSandbox {
  readonly sandboxId: SandboxId;
  readonly scope: Scope;
  /** The claim's under which it was made. */
  readonly epoch: number;
  /** What its making was remembered by; older sandboxes have none. */
  readonly ticket?: string;
}

/** `lib/store/scripts/standing.ts` says what each word means. */
export type Standing =
  | {
      readonly kind: "named";
      readonly state: State;
      readonly isClaimed: boolean;
      readonly runStartedAt?: number;
      readonly endsAt?: number;
      /** Its retention is over, and it is kept until then all the same. */
      readonly keptUntil?: number;
    }
  | { readonly kind: "others" | "unknown" | "claimed" | "unnamed" | "orphan" | "never-named" | "let-go" };

export interface ComparedPage {
  readonly now: number;
  readonly isEverythingHeld: boolean;
  /** In the order of the sandboxes. */
  readonly standings: readonly Standing[];
}

/** A real pass marks what it has seen; a dry one keeps that to itself, under the pass's id, for an hour. */
export type Pass = { readonly kind: "real" } | { readonly kind: "dry"; readonly passId: string };

export interface Unseen {
  /** How many were looked through; a dry pass leaves out those that it has seen itself. */
  readonly looked: number;
  readonly isMore: boolean;
  readonly sandboxes: readonly { readonly sandboxId: SandboxId; readonly scope: Scope }[];
}

export type ForgetBegun =
  | {
      readonly kind: "begun";
      readonly hadRecord: boolean;
      /** What has an epoch up to this one is forgotten; what is opened afterwards has a later one. */
      readonly epoch: number;
      /** What the record named until now, and names no more. */
      readonly named: readonly SandboxId[];
    }
  /** Nothing is killed while an operator looks. */
  | { readonly kind: "held" };

export interface AuditStore {
  /** How a page of sandboxes stands to the records; those that are named are marked as seen now. */
  compare(sandboxes: readonly LabelledSandbox[], pass: Pass): Promise<ComparedPage>;
  /** What records name and no page had since then, the longest unseen first. */
  unseen(since: number, leaveOut: number, most: number, pass: Pass): Promise<Unseen>;
  /**
   * What may be done with a sandbox that no record names, decided and marked at one moment: no later commit names it.
   * `leave`: a record names it by now, or nobody knows enough. `held`: nothing is stopped while an operator looks.
   */
  condemnOrphan(sandbox: LabelledSandbox, pass: Pass): Promise<"kill" | "pause" | "leave" | "held">;
  /** All sandboxes that the preview ever had, as long as they are remembered; in no order. */
  sandboxesOf(scope: Scope): Promise<readonly SandboxId[]>;
  /** Takes the preview away from everybody, and remembers for a day that it was forgotten. Begun again it goes on. */
  beginForgetting(
    scope: Scope,
    leaseId: LeaseId,
    highestEpoch: number,
    sandboxes: readonly SandboxId[],
  ): Promise<ForgetBegun>;
  /** Removes record, history and every key; `lost`, with nothing removed, when somebody has claimed it since. */
  endForgetting(
    scope: Scope,
    leaseId: LeaseId,
    sandboxes: readonly SandboxId[],
  ): Promise<
    | { readonly kind: "forgotten"; readonly at: number; readonly historyEntries: number }
    | { readonly kind: "lost" }
  >;
  /** The previews that there are records of. */
  previewsOf(userId: UserId): Promise<readonly Scope[]>;
  /** The previews that the user still has; without any, all else that was kept of them is removed. */
  forgetUser(userId: UserId): Promise<readonly Scope[]>;
}
