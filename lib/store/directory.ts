/**
 * Owns what an operator needs of the store to look over many previews: pages of them, a line of each, and whose a name is.
 * It changes nothing, and never reads more previews than it is asked for (a filter reads the members of its set, and one
 * page of records). Fails closed like the store of one preview: `StoreUnreachableError`, `StoreRefusedError`.
 */
import type { ProjectId, SandboxId, Scope, UserId } from "@/lib/ids";
import type { Reason } from "@/lib/preview/reasons";
import type { State } from "@/lib/preview/transitions";

/** The last changed first. One that changes meanwhile comes to the front, and is not on a later page. */
export interface ScopePage {
  readonly scopes: readonly Scope[];
  /** Names the last one of this page; absent when it was the last page. */
  readonly next?: string;
}

export interface PageQuery {
  readonly userId?: UserId;
  readonly projectId?: ProjectId;
  /** The `next` of the page before. */
  readonly from?: string;
  /** At most 100. */
  readonly most: number;
}

/** What a listing shows of one preview; times are Redis's, in milliseconds. */
export interface PreviewLine {
  readonly scope: Scope;
  readonly now: number;
  readonly state: State;
  readonly reason: Reason;
  readonly changedAt: number;
  readonly lastActiveAt?: number;
  readonly sandboxId?: SandboxId;
  /** The end that the provider confirmed, where a run is known. */
  readonly endsAt?: number;
  readonly viewers: number;
  readonly holds: number;
  /** From 1, while it waits for a place. */
  readonly position?: number;
}

export interface Directory {
  page(query: PageQuery): Promise<ScopePage>;
  /** In the order of the scopes, all at one moment; without those of which there is no record. At most 100. */
  lines(scopes: readonly Scope[]): Promise<readonly PreviewLine[]>;
  has(scope: Scope): Promise<boolean>;
  /** Whose sandbox it is, or was for as long as that is remembered after it is gone. */
  ofSandbox(sandboxId: SandboxId): Promise<Scope | undefined>;
  /** Previews of exactly this project, and of exactly this user, in the order of their names. */
  named(name: { readonly projectId: ProjectId; readonly userId: UserId }): Promise<readonly Scope[]>;
}
