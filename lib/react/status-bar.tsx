/**
 * Owns the slim bar: what state it is in, in words, and the few figures that matter in that state. Cannot fail; what is
 * not known is left out.
 */
"use client";

import type { ReactNode } from "react";
import { timeLeftText, tookText } from "@/lib/duration-words";
import { isMoving } from "./agenda";
import type { PaneView } from "./pane-view";
import type { UsedPreview } from "./use-preview";
import { useServerNow } from "./use-server-now";
import { stateWords } from "./words";

interface StatusBarProps {
  readonly pane: UsedPreview;
  readonly name: string;
  readonly wayBack: ReactNode;
}

export function StatusBar({ pane, name, wayBack }: StatusBarProps) {
  const { view, clockOffsetMs } = pane;
  return (
    <header className="preview-bar">
      {wayBack}
      <h1 className="preview-name">{name}</h1>
      {view ? (
        <>
          <span className="preview-state" data-state={view.state}>
            {stateWords[view.state]}
          </span>
          <span className="preview-detail" title={detailOf(view)}>
            {detailOf(view)}
          </span>
          <dl className="preview-figures">
            <TimeLeft view={view} clockOffsetMs={clockOffsetMs} />
            {view.cameBack ? <Figure name="Took" value={tookText(view.cameBack.tookMs)} /> : null}
            {view.state === "running" ? <Figure name="Viewers" value={view.viewers} /> : null}
            {view.revision ? (
              <Figure
                name="Revision"
                value={<code>{view.revision.slice(0, 7)}</code>}
                hint={`Revision of the project's files: ${view.revision}`}
              />
            ) : null}
          </dl>
        </>
      ) : null}
    </header>
  );
}

/** How it came back while it runs; what is being done while it moves; nothing at rest, where the card speaks. */
function detailOf(view: PaneView): string {
  if (isMoving(view.state)) return view.step ? `${view.step.title}…` : "";
  return view.cameBack?.title ?? "";
}

function Figure({ name, value, hint }: { name: string; value: ReactNode; hint?: string }) {
  return (
    <div className="preview-figure" title={hint}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** Until it rests by itself, or until the end that the provider has confirmed where that comes first. */
function TimeLeft({ view, clockOffsetMs }: { view: PaneView; clockOffsetMs: number }) {
  const now = useServerNow(clockOffsetMs);
  const { restsAt, providerEndsAt = Number.POSITIVE_INFINITY } = view;
  if (view.state !== "running" || restsAt === undefined) return null;
  const leftMs = Math.min(restsAt, providerEndsAt) - now;
  const hint =
    restsAt <= providerEndsAt
      ? "Goes to rest when nobody does anything until then"
      : "Until the end that the provider has confirmed";
  return <Figure name="Rests in" value={leftMs > 0 ? timeLeftText(leftMs) : "a moment"} hint={hint} />;
}
