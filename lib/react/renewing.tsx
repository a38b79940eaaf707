/**
 * Owns the words over the kept frame while a run is renewed: what happens, how long it took the last time, and that
 * nothing is lost by it. It must never look like a rest, and never promise what the estimate does not. Cannot fail.
 */
"use client";

import { elapsedText, spanText } from "@/lib/duration-words";
import type { PaneView } from "./pane-view";
import { useServerNow } from "./use-server-now";

interface RenewingProps {
  readonly renewal: NonNullable<PaneView["renewal"]>;
  readonly clockOffsetMs: number;
}

export function Renewing({ renewal, clockOffsetMs }: RenewingProps) {
  const elapsedMs = useServerNow(clockOffsetMs) - renewal.startedAt;
  const isLate = elapsedMs > renewal.estimateMs * 2;
  return (
    <>
      <h2>Renewing its run: about {spanText(renewal.estimateMs)}</h2>
      <p>Its memory and processes are kept, and it goes on by itself where it stands.</p>
      <p className="preview-quiet">
        {elapsedText(elapsedMs)}
        {isLate ? ", longer than usual" : ""}
      </p>
    </>
  );
}
