/**
 * Owns the folded history: closed it costs nothing; opened, and whenever the preview's lot changes while it is open, it
 * asks why the preview is as it is and what happened to it, newest first. Asking changes nothing. Cannot fail: an answer
 * that did not come is said, and what was known before stays to be read.
 */
"use client";

import { useState } from "react";
import { localTimeText } from "./local-time";
import type { PaneView } from "./pane-view";
import { type LoadedHistory, useHistory } from "./use-history";
import type { UsedPreview } from "./use-preview";

export function HistoryPanel({ pane }: { readonly pane: UsedPreview }) {
  const [isOpen, setOpen] = useState(false);
  if (!pane.view) return null;
  return (
    <details className="preview-history" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>History</summary>
      {isOpen ? <OpenedHistory pane={pane} lot={lotOf(pane.view)} /> : null}
    </details>
  );
}

/** What an entry or a sentence would be about; times alone change nothing. */
function lotOf({ state, reason, viewers, holds, files, cameBack }: PaneView): string {
  return JSON.stringify([state, reason.code, viewers, holds, files, cameBack]);
}

function OpenedHistory({ pane, lot }: { readonly pane: UsedPreview; readonly lot: string }) {
  const { loaded, trouble, again } = useHistory(pane.history, lot);
  return (
    // Reachable by keyboard through the button in it; from there the arrows scroll.
    <section className="preview-history-body" aria-label="History">
      {trouble ? (
        <p className="preview-trouble" role="status">
          <strong>{trouble.title}.</strong> {trouble.message}{" "}
          {trouble.canTryAgain ? (
            <button type="button" className="link-button" onClick={again}>
              Try again
            </button>
          ) : null}
        </p>
      ) : null}
      {loaded ? <Told loaded={loaded} again={again} /> : null}
      {loaded || trouble ? null : <p className="preview-quiet">Looking…</p>}
    </section>
  );
}

function Told({ loaded, again }: { readonly loaded: LoadedHistory; again(): void }) {
  const { history, at: now } = loaded;
  const { why, entries } = history;
  return (
    <>
      <div className="preview-why">
        {why.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
        <p className="preview-quiet">
          As of {localTimeText(now, now)}.{" "}
          <button type="button" className="link-button" onClick={again}>
            Look again
          </button>
        </p>
      </div>
      {entries.length === 0 ? <p className="preview-quiet">Nothing has happened to it yet.</p> : null}
      <ol className="preview-entries">
        {entries.map(({ at, title, detail }, index) => (
          // The stream answers the whole list anew; nothing in a row has a state of its own.
          // biome-ignore lint/suspicious/noArrayIndexKey: two entries of one moment may read the same
          <li key={index}>
            <time dateTime={new Date(at).toISOString()}>{localTimeText(at, now)}</time>
            <span>
              <strong>{title}</strong> {detail}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}
