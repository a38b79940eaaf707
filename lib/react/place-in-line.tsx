/**
 * Owns what stands in place of a preview that waits for a place among the plan's sandboxes: where it stands, about how
 * long that takes where that is known, and that nothing has to be done. Cannot fail.
 */
"use client";

import { elapsedText } from "@/lib/duration-words";
import { standingText } from "@/lib/line-words";
import type { PaneView } from "./pane-view";
import { useServerNow } from "./use-server-now";

interface PlaceInLineProps {
  readonly line: NonNullable<PaneView["line"]>;
  readonly clockOffsetMs: number;
}

export function PlaceInLine({ line, clockOffsetMs }: PlaceInLineProps) {
  const now = useServerNow(clockOffsetMs);
  return (
    <>
      <h2>Waiting for a place</h2>
      <p>
        {line.position === 0
          ? "A place is free: it starts in a moment."
          : `As many previews run as there are places. This one is ${standingText(line)}.`}
      </p>
      <p className="preview-quiet">
        It starts by itself; keep this page open. Waiting for {elapsedText(now - line.since)}.
      </p>
    </>
  );
}
