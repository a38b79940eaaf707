/**
 * Owns the short titles of steps and of ways back, and which reason may be told: what was meant as a renewal is called
 * one only where the same processes went on. Pure; cannot fail; the compiler refuses a step or a way without its words.
 */
import type { Reason } from "./reasons";
import type { CameBack, Phase } from "./record";
import type { State } from "./transitions";

export const phaseTitles: Readonly<Record<Phase, string>> = {
  claimed: "Taking it on",
  sandbox: "Getting a sandbox",
  files: "Bringing the project's files",
  install: "Installing dependencies",
  start: "Starting the dev server",
  answer: "Waiting for its answer",
  save: "Saving what changed in its files",
  pause: "Pausing, with memory and processes kept",
  sync: "Bringing the newest files",
  tidy: "Tidying up",
};

const cameBackTitles: Readonly<Record<CameBack, string>> = {
  warm: "It was still running",
  resumed: "Resumed: the same processes, where they stood still",
  restarted: "Resumed, but the dev server had to be started again: its memory is lost, its files are there",
  "from-snapshot": "Restored from a snapshot",
  "rebuilt-cached": "Rebuilt, with cached dependencies",
  "rebuilt-cold": "Built from the project's files",
};

/** How it came to run, in words; a renewal says that it was one. */
export function cameBackTitle(cameBack: CameBack, reason: Reason): string {
  return reason === "renewed"
    ? "Its run was renewed: the same processes, memory kept"
    : cameBackTitles[cameBack];
}

/**
 * The reason that is true of a state: what was meant as a renewal and became a start has lost its memory, and what went
 * back to rest for want of a place waits for one only as long as it stands in the line.
 */
export function honestReason({
  state,
  reason,
  waitingSince,
}: {
  readonly state: State;
  readonly reason: Reason;
  readonly waitingSince?: number | undefined;
}): Reason {
  if (reason === "no-place" && waitingSince === undefined) return "provider-capacity";
  const isStartedAnew = reason === "renewal" && (state === "starting" || state === "running");
  return isStartedAnew ? "renewed-restarted" : reason;
}
