/**
 * Owns what stands in place of a preview that cannot be shown now: the reason in words, the way that lies ahead while
 * it starts, the log where it helps, and at most one action. Cannot fail.
 */
"use client";

import type { ReactNode } from "react";
import { agoText } from "@/lib/duration-words";
import { isMoving } from "./agenda";
import { LogTail } from "./log-tail";
import type { PaneView } from "./pane-view";
import { PlaceInLine } from "./place-in-line";
import { Renewing } from "./renewing";
import { StartSteps } from "./start-steps";
import type { Trouble } from "./trouble";
import type { UsedPreview } from "./use-preview";
import { useServerNow } from "./use-server-now";
import { actionWords, filesNotes, stateWord } from "./words";

interface CardProps {
  readonly pane: UsedPreview;
  readonly wayBack: ReactNode;
}

export function PreviewCard({ pane, wayBack }: CardProps) {
  const { view } = pane;
  return (
    <div className="preview-overlay" data-over-frame={pane.frame !== undefined}>
      <div className="preview-card" data-state={view?.state ?? "unknown"}>
        {view ? <Known pane={pane} view={view} /> : <Unknown pane={pane} wayBack={wayBack} />}
      </div>
    </div>
  );
}

/** Before the first answer: what is going on, or why there is none. */
function Unknown({ pane, wayBack }: CardProps) {
  const { trouble } = pane;
  if (!trouble) return <p className="preview-quiet">Looking how the preview stands…</p>;
  return (
    <>
      <h2>{trouble.title}</h2>
      <p>{trouble.message}</p>
      <div className="preview-actions">
        {trouble.canTryAgain ? (
          <button type="button" className="button" onClick={pane.look}>
            Try again
          </button>
        ) : (
          wayBack
        )}
      </div>
    </>
  );
}

function Known({ pane, view }: { readonly pane: UsedPreview; readonly view: PaneView }) {
  if (view.line) return <InLine pane={pane} line={view.line} />;
  return isMoving(view.state) ? <Moving pane={pane} view={view} /> : <AtRest pane={pane} view={view} />;
}

interface InLineProps {
  readonly pane: UsedPreview;
  readonly line: NonNullable<PaneView["line"]>;
}

function InLine({ pane, line }: InLineProps) {
  return (
    <>
      <PlaceInLine line={line} clockOffsetMs={pane.clockOffsetMs} />
      <TroubleNote trouble={pane.trouble} />
    </>
  );
}

function Moving({ pane, view }: { readonly pane: UsedPreview; readonly view: PaneView }) {
  return (
    <>
      {view.renewal ? (
        <Renewing renewal={view.renewal} clockOffsetMs={pane.clockOffsetMs} />
      ) : (
        <>
          <h2>{stateWord(view)}</h2>
          <StartSteps view={view} clockOffsetMs={pane.clockOffsetMs} />
        </>
      )}
      {view.logTail ? <LogTail text={view.logTail} /> : null}
      <TroubleNote trouble={pane.trouble} />
      {view.action === "none" ? null : (
        <p>Whoever was at work on it has stopped; it can be taken up at once.</p>
      )}
      <HelpfulAction pane={pane} view={view} />
    </>
  );
}

function AtRest({ pane, view }: { readonly pane: UsedPreview; readonly view: PaneView }) {
  return (
    <>
      <h2>{view.reason.title}</h2>
      <p>{view.reason.message}</p>
      {view.pausedAt === undefined ? null : (
        <RestingFor pausedAt={view.pausedAt} clockOffsetMs={pane.clockOffsetMs} />
      )}
      {filesNotes(view).map((note) => (
        <p key={note}>{note}</p>
      ))}
      {view.logTail ? <LogTail text={view.logTail} /> : null}
      <TroubleNote trouble={pane.trouble} />
      <HelpfulAction pane={pane} view={view} />
    </>
  );
}

/** The one thing that helps now; nothing while somebody is at work on it. */
function HelpfulAction({ pane, view }: { readonly pane: UsedPreview; readonly view: PaneView }) {
  const words = actionWords(view);
  if (!words) return null;
  return (
    <div className="preview-actions">
      <button type="button" className="button" onClick={pane.open} disabled={pane.isOpening}>
        {pane.isOpening ? "Asking…" : words}
      </button>
    </div>
  );
}

function RestingFor({ pausedAt, clockOffsetMs }: { pausedAt: number; clockOffsetMs: number }) {
  const now = useServerNow(clockOffsetMs);
  return <p className="preview-quiet">It has been resting for {agoText(now - pausedAt)}.</p>;
}

function TroubleNote({ trouble }: { readonly trouble: Trouble | undefined }) {
  if (!trouble) return null;
  return (
    <p className="preview-trouble" role="status">
      <strong>{trouble.title}.</strong> {trouble.message}
    </p>
  );
}
