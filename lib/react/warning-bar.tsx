/**
 * Owns what stands above the preview while an end is near: which one, how long until it, what is kept, and one button
 * where use moves it. The button is a sign of life like any other. It is spoken once and not every second. Cannot fail.
 */
"use client";

import { timeLeftText } from "@/lib/duration-words";
import type { PaneWarning } from "./pane-view";
import type { UsedPreview } from "./use-preview";
import { useServerNow } from "./use-server-now";

export function WarningBar({ pane }: { readonly pane: UsedPreview }) {
  const { warning, clockOffsetMs } = pane;
  return (
    <>
      {/* Always there, because a region that comes with its words is not spoken. */}
      <p className="visually-hidden" aria-live="polite">
        {warning ? `${warning.title}. ${warning.message}` : ""}
      </p>
      {warning ? (
        <div className="preview-notice" data-kind={warning.kind}>
          <p>
            <strong>{warning.title}</strong> <Countdown warning={warning} clockOffsetMs={clockOffsetMs} />{" "}
            {warning.message}
          </p>
          {warning.canExtend ? (
            <button type="button" className="button" onClick={pane.stay}>
              Stay
            </button>
          ) : null}
        </div>
      ) : null}
    </>
  );
}

/** What cannot be moved may come earlier, in a quiet moment. */
function Countdown({ warning, clockOffsetMs }: { warning: PaneWarning; clockOffsetMs: number }) {
  const leftMs = warning.deadline - useServerNow(clockOffsetMs);
  if (leftMs <= 0) return <span role="timer">(any moment now).</span>;
  return (
    <span role="timer" className="preview-elapsed">
      ({warning.canExtend ? "in" : "within"} {timeLeftText(leftMs)}).
    </span>
  );
}
