/**
 * Owns the pane: a slim bar, beneath it the preview or, while there is none to show, one card that says why and offers
 * the one thing that helps, and a folded history. It must never leave a person with a spinner alone or without a way on. Cannot fail:
 * calls that went wrong are part of what it shows. It brings no styles; class names begin with `preview-`.
 */
"use client";

import type { ReactNode } from "react";
import { HistoryPanel } from "./history-panel";
import { PreviewCard } from "./preview-card";
import { StatusBar } from "./status-bar";
import { StillThere } from "./still-there";
import { UsageBar } from "./usage-bar";
import { usePreview } from "./use-preview";
import { WarningBar } from "./warning-bar";
import { stateWord } from "./words";

export interface PreviewProps {
  readonly projectId: string;
  /** What people call the project; its id when absent. */
  readonly name?: string;
  readonly basePath?: string;
  /** Where to go from here, such as a link to the list; part of the bar, and of the card when nothing else helps. */
  readonly wayBack?: ReactNode;
}

export function Preview({ projectId, name = projectId, basePath, wayBack }: PreviewProps) {
  const pane = usePreview({ projectId, ...(basePath === undefined ? {} : { basePath }) });
  const { view, frame, trouble } = pane;
  const isRunning = view?.state === "running";
  return (
    <section className="preview" aria-label={`Preview of ${name}`}>
      <StatusBar pane={pane} name={name} wayBack={wayBack} />
      <p className="visually-hidden" aria-live="polite">
        {view ? [stateWord(view), view.step?.title].filter(Boolean).join(": ") : ""}
      </p>
      {isRunning && trouble ? (
        <p className="preview-notice" role="status">
          {trouble.title}. {trouble.message}
        </p>
      ) : null}
      <WarningBar pane={pane} />
      <UsageBar pane={pane} />
      <StillThere pane={pane} />
      <div className="preview-stage">
        {frame ? (
          <iframe
            key={frame.key}
            className="preview-frame"
            title={`Preview of ${name}`}
            src={frame.url}
            // Safe together only because a preview is another site than ours; it must never be served from our own.
            sandbox="allow-scripts allow-same-origin allow-forms allow-popups"
            referrerPolicy="no-referrer"
            allow=""
          />
        ) : null}
        {isRunning ? null : <PreviewCard pane={pane} wayBack={wayBack} />}
      </div>
      <HistoryPanel pane={pane} />
    </section>
  );
}
