/**
 * Owns the pane's own few words; reasons, steps and ways back come with the view. Pure; the compiler refuses a state
 * without words.
 */
import { isMoving } from "./agenda";
import type { PaneState, PaneView } from "./pane-view";

export const stateWords: Readonly<Record<PaneState, string>> = {
  absent: "Not started",
  starting: "Starting",
  running: "Running",
  pausing: "Going to rest",
  paused: "Resting",
  resuming: "Waking up",
  expired: "Sandbox gone",
  failed: "Did not start",
};

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
