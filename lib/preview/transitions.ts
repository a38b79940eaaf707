/**
 * Owns the states of a preview and which may follow which. The Lua scripts get their allowed moves from here, so this
 * table is the only way to change a state; of its moves those out of a rest are a claim's alone (`scripts/commit.ts`).
 * Pure; a move that is not here is refused by the script, never repaired.
 */
import { z } from "zod";

export const stateSchema = z.enum([
  "absent",
  "starting",
  "running",
  "pausing",
  "paused",
  "resuming",
  "expired",
  "failed",
]);
export type State = z.infer<typeof stateSchema>;

export const transitions = {
  absent: ["starting", "failed"],
  // A start that finds a sandbox which has been a running preview already resumes it instead.
  starting: ["running", "failed", "expired", "paused", "resuming"],
  running: ["pausing", "resuming", "paused", "expired", "starting"],
  pausing: ["paused", "resuming", "running", "expired"],
  paused: ["resuming", "expired", "running"],
  resuming: ["running", "starting", "paused", "failed", "expired"],
  expired: ["starting", "failed"],
  failed: ["starting", "expired"],
} as const satisfies Record<State, readonly State[]>;

/** Why a worker takes a claim; each kind enters its own state from where the preview stands. */
export type ClaimKind = "open" | "pause" | "renew" | "sync" | "settle" | "adopt" | "retire";

/**
 * The state that a claim of a kind enters from each state; where a state is missing the claim does not apply.
 * A state that maps to itself is a takeover of work that somebody left half done, or, for `settle`, a look that
 * changes the state only by its commit.
 */
export const entering = {
  open: {
    absent: "starting",
    starting: "starting",
    running: "resuming",
    pausing: "resuming",
    paused: "resuming",
    resuming: "resuming",
    expired: "starting",
    failed: "starting",
  },
  pause: { running: "pausing", pausing: "pausing" },
  // A renewal that died half-way is an interrupted pause with running wanted: an open finishes it.
  renew: { running: "pausing" },
  sync: { running: "running" },
  adopt: { absent: "starting", starting: "starting", expired: "starting", failed: "starting" },
  retire: { paused: "paused" },
  settle: {
    starting: "starting",
    running: "running",
    pausing: "pausing",
    paused: "paused",
    resuming: "resuming",
    failed: "failed",
  },
} as const satisfies Record<ClaimKind, Partial<Record<State, State>>>;

/** The states from which `to` may be reached, itself included: a commit may leave the state as it is. */
export function sourcesOf(to: State): State[] {
  return stateSchema.options.filter((from) => {
    const targets: readonly State[] = transitions[from];
    return from === to || targets.includes(to);
  });
}
