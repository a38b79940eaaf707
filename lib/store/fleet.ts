/**
 * Owns what is shared by all previews of an environment: the line of those who wait for a place, the operators' switches,
 * and suspended users. Each method is one atomic script and idempotent. Fails closed like the store of one preview:
 * `StoreUnreachableError` when no answer came (calling again is safe), `StoreRefusedError`.
 */
import { z } from "zod";
import type { Scope, UserId } from "@/lib/ids";

export const switchNames = ["stop-creating", "hold-everything"] as const;
export const switchNameSchema = z.enum(switchNames);
/** `stop-creating`: no new sandbox is made. `hold-everything`: nothing is brought to rest, killed, evicted or swept. */
export type SwitchName = z.infer<typeof switchNameSchema>;

/** A switch that is on: who turned it, since when (Redis's milliseconds), and why. */
export interface Switched {
  readonly name: SwitchName;
  readonly by: string;
  readonly since: number;
  readonly why: string;
}

export interface Suspension {
  readonly userId: UserId;
  readonly by: string;
  readonly since: number;
  readonly why: string;
}

/** What the provider runs: previews of this environment, and everything else of the account. */
export interface Counted {
  readonly ours: number;
  readonly others: number;
}

export interface LineServed {
  /** `other`: somebody else looks after the line. `over`: nobody waits any more, and nobody has to look. */
  readonly kind: "going-on" | "other" | "over";
  /** A place is theirs for `lineOfferMs`. */
  readonly admitted: readonly Scope[];
  /** Nobody uses them: asked to rest, they make room. */
  readonly toRest: readonly Scope[];
  readonly waiting: number;
}

/** Places, and who waits for one, at one moment. */
export interface FleetState {
  readonly now: number;
  readonly taken: number;
  readonly limit: number;
  /** Running sandboxes that are not ours, when they were last counted. */
  readonly foreign: number;
  readonly waiting: number;
  readonly previews: number;
  readonly due: number;
  readonly switches: readonly Switched[];
}

export interface FleetStore {
  /**
   * One look at the line by one who looks after it: free places are given to the first, and who is not in use is named to
   * make room for the others. `counted` corrects what is known of sandboxes that are not ours. Only one server at a time:
   * another's claim lapses by itself some looks after its last. The same look again answers what it answered.
   */
  serveLine(server: string, look: string, counted: Counted | undefined): Promise<LineServed>;
  /** The previews of one user that nobody uses, the least recently used first. */
  leastUsedOf(userId: UserId): Promise<readonly Scope[]>;
  /** What the provider runs beside us, as it was just counted. */
  recordCount(counted: Counted): Promise<void>;
  state(): Promise<FleetState>;
  /** Turned on again it keeps its first since and by. */
  turn(
    name: SwitchName,
    to: { readonly on: true; readonly by: string; readonly why: string } | { readonly on: false },
  ): Promise<readonly Switched[]>;
  /** The user's previews, which have to be brought to rest. */
  suspend(userId: UserId, by: string, why: string): Promise<readonly Scope[]>;
  /** False when the user was not suspended. */
  unsuspend(userId: UserId): Promise<boolean>;
  suspension(userId: UserId): Promise<Suspension | undefined>;
}
