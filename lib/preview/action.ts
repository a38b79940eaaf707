/**
 * Owns what may be done about a preview, and what the provider may have said of it, as types: the words between `decide`,
 * which says which, and `reconcile`, which does it. It must never hold code. Cannot fail.
 */
import type { Reason } from "./reasons";

/** What the provider said of the sandbox that the record names; `unknown` when it was not asked. */
export type Observed =
  | { readonly kind: "unknown" }
  | { readonly kind: "gone" }
  | { readonly kind: "running"; readonly startedAt: number; readonly endsAt: number }
  | { readonly kind: "paused"; readonly pausedAt: number };

/** It does not run any more, whatever the record says: to be written there. */
export type Ended =
  /** The provider paused it. */
  | { readonly kind: "record-paused"; readonly reason: Reason; readonly pausedAt: number }
  /** The sandbox is gone. */
  | { readonly kind: "expire"; readonly reason: Reason };

/** A way to running broke off, and its user may not go on with it: say so, and bring to rest what it has woken. */
export type GivenUp = { readonly kind: "give-up"; readonly reason: Reason };

export type Action =
  /** Nothing is wrong; look again at `nextCheckAt`, or never by ourselves when it is absent. */
  | { readonly kind: "none"; readonly reason: Reason; readonly nextCheckAt?: number }
  /** Somebody holds the claim; look again when it lapses. */
  | { readonly kind: "wait"; readonly reason: Reason; readonly nextCheckAt: number }
  /** Ask the provider first. */
  | { readonly kind: "observe"; readonly reason: Reason }
  /** Bring it (back) to running: resume, go on with an interrupted start, or rebuild. */
  | {
      readonly kind: "open";
      readonly reason: Reason;
      /** What the record has to say where it may not run or has to wait for a place; what waits is never given up. */
      readonly unlessLet?: Ended | GivenUp;
    }
  | { readonly kind: "pause"; readonly reason: Reason }
  /** Its run ends soon and it is in use: pause and resume it before, in a quiet moment while there is time for one. */
  | {
      readonly kind: "renew";
      readonly reason: Reason;
      /** Nobody uses it, and all the same it has to go on running. */
      readonly isAtRest?: boolean;
    }
  /** The product's newer files were asked for, and nobody brought them. */
  | { readonly kind: "sync"; readonly reason: Reason }
  /** The provider has another run, or another end of it, than the record: say so in the record. */
  | {
      readonly kind: "record-run";
      readonly reason: Reason;
      readonly startedAt: number;
      readonly endsAt: number;
      readonly nextCheckAt: number;
    }
  | Ended
  /** The sandbox runs although the record says that it rests: pause it, the state stays. */
  | { readonly kind: "rest"; readonly reason: Reason }
  | GivenUp
  /** Nothing may be paused while an operator looks: push the provider's end out, or it pauses by itself. */
  | { readonly kind: "extend"; readonly reason: Reason; readonly nextCheckAt: number }
  /** It has rested for longer than sandboxes are kept. */
  | {
      readonly kind: "retire";
      readonly reason: Reason;
      /** The provider paused it later than we did: somebody woke it in between, and may have changed its files. */
      readonly isTouched: boolean;
    };
