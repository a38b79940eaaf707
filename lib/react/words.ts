/**
 * Owns the pane's own few words; reasons, steps and ways back come with the view. Pure; the compiler refuses a state
 * without words.
 */
import { isMoving } from "./agenda";
import type { PaneState, PaneView } from "./pane-view";

const stateWords: Readonly<Record<PaneState, string>> = {
  absent: "Not started",
  starting: "Starting",
  running: "Running",
  pausing: "Going to rest",
  paused: "Resting",
  resuming: "Waking up",
  expired: "Sandbox gone",
  failed: "Did not start",
};

/** A renewal is no rest: it is away for a moment and comes back by itself; and neither is a wait for a place. */
export function stateWord({ state, renewal, line }: Pick<PaneView, "state" | "renewal" | "line">): string {
  if (line) return "Waiting for a place";
  return renewal ? "Renewing" : stateWords[state];
}

/** What of its files a person should know while it rests; nothing where all is in the project. */
export function filesNotes({ files, state }: Pick<PaneView, "files" | "state">): string[] {
  const { unsaved, syncAskedAt } = files ?? {};
  const isGone = state === "expired";
  return [
    ...(unsaved
      ? [
          isGone
            ? `${filesText(unsaved)} of it had not been given back to the project.`
            : `${filesText(unsaved)} could not be given back to the project yet; what was changed is kept in the sandbox.`,
        ]
      : []),
    ...(syncAskedAt === undefined ? [] : ["Newer files wait for it, and come when it runs again."]),
  ];
}

export const filesText = (count: number): string => `${count} ${count === 1 ? "file" : "files"}`;

/** The one button's words, or nothing where nothing helps but waiting. */
export function actionWords({ action, state }: Pick<PaneView, "action" | "state">): string | undefined {
  switch (action) {
    case "none":
      return undefined;
    case "open":
      if (isMoving(state)) return "Go on";
      return state === "paused" ? "Wake it" : "Open";
    case "try-again":
      return "Try again";
  }
}
