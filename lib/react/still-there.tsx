/**
 * Owns the question that is asked when the page has not been used for long: an open tab alone does not keep a preview
 * running. The button is input like any other, so that a person who reads in the frame can say so. Cannot fail.
 */
"use client";

import { takesBeats } from "./agenda";
import { ASK_AFTER_MS } from "./attention";
import type { UsedPreview } from "./use-preview";

export function StillThere({ pane }: { readonly pane: UsedPreview }) {
  // A warning says the same with its time, and has the same button.
  if (pane.attention !== "unsure" || pane.warning?.canExtend || !takesBeats(pane.view?.state)) return null;
  return (
    <div className="preview-notice" role="alert">
      <p>
        <strong>Still there?</strong> Nobody has used this page for {ASK_AFTER_MS / 60_000} minutes, so the
        preview goes to rest soon. What it has in memory is kept.
      </p>
      <button type="button" className="button" onClick={pane.stay}>
        I am here
      </button>
    </div>
  );
}
