/**
 * Owns what a person reads when a call of the pane did not work. Pure; cannot fail. A refusal's message is the server's
 * own sentence; a call without an answer must never be shown as if the preview itself were lost.
 */
import type { PaneView } from "./pane-view";
import type { NoAnswer } from "./preview-api";

export interface Trouble {
  /** Looks are repeated by themselves; an open that failed stays to be read until something new is known. */
  readonly call: "look" | "open";
  readonly title: string;
  readonly message: string;
  readonly canTryAgain: boolean;
}

export function troubleOf(failure: NoAnswer, call: Trouble["call"]): Trouble {
  if (failure.kind === "unreachable") {
    return {
      call,
      title: "The server does not answer",
      message:
        "This page cannot reach it, and keeps trying. Nothing is lost: a preview that runs goes on meanwhile.",
      canTryAgain: true,
    };
  }
  const isNotThere = notThere.has(failure.code);
  return {
    call,
    title: isNotThere ? "This preview cannot be shown" : "It did not work this time",
    message: failure.message,
    canTryAgain: !isNotThere,
  };
}

const notThere: ReadonlySet<string> = new Set(["not-found", "unknown-project", "invalid-request"]);

/** What is left of a trouble once a newer view has arrived. */
export function troubleAfter(view: PaneView, trouble: Trouble | undefined): Trouble | undefined {
  if (trouble?.call !== "open") return undefined;
  const hasNothingNewToSay = view.state === "absent" || view.state === "paused" || view.state === "expired";
  return hasNothingNewToSay ? trouble : undefined;
}
