/**
 * Owns what stands above the preview when its user comes near the end of the time that their previews may run: how near,
 * what happens then, and when it begins anew. Spoken once and not every second. Cannot fail.
 */
"use client";

import { spanText } from "@/lib/duration-words";
import type { UsedPreview } from "./use-preview";
import { useServerNow } from "./use-server-now";

export function UsageBar({ pane }: { readonly pane: UsedPreview }) {
  const now = useServerNow(pane.clockOffsetMs);
  const usage = pane.view?.usage;
  return (
    <>
      <p className="visually-hidden" aria-live="polite">
        {usage ? `${usage.title}. ${usage.message}` : ""}
      </p>
      {usage ? (
        <div className="preview-notice" data-kind="usage">
          <p>
            <strong>{usage.title}.</strong> {usage.message}{" "}
            <span className="preview-elapsed">(That is in {spanText(usage.resetsAt - now)}.)</span>
          </p>
        </div>
      ) : null}
    </>
  );
}
