/**
 * Owns the steps of a start, a resume or a pause: what is behind, what is under way and for how long by the server's
 * time, what is ahead. It shows no estimate that nobody has measured. Cannot fail.
 */
"use client";

import { elapsedText } from "@/lib/duration-words";
import type { PaneView } from "./pane-view";
import { useServerNow } from "./use-server-now";

const standingWords = { done: "done", current: "under way", ahead: "to come" } as const;

export function StartSteps({ view, clockOffsetMs }: { view: PaneView; clockOffsetMs: number }) {
  const now = useServerNow(clockOffsetMs);
  const { step, steps, waitingSince } = view;
  if (!step) return null;
  const stepElapsed = elapsedText(now - step.startedAt);
  return (
    <>
      {steps ? (
        <ol className="preview-steps">
          {steps.map(({ phase, title, standing }) => (
            <li
              key={phase}
              data-standing={standing}
              {...(standing === "current" ? { "aria-current": "step" } : {})}
            >
              <span>{title}</span>
              <span className="visually-hidden">({standingWords[standing]})</span>
              {standing === "current" ? <span className="preview-elapsed">{stepElapsed}</span> : null}
            </li>
          ))}
        </ol>
      ) : (
        <p>
          {step.title} <span className="preview-elapsed">{stepElapsed}</span>
        </p>
      )}
      {waitingSince === undefined || !steps ? null : (
        <p className="preview-quiet">{elapsedText(now - waitingSince)} in all</p>
      )}
    </>
  );
}
