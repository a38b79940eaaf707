/**
 * Owns the slim bar: what state it is in, in words, and the few figures that matter in that state. Cannot fail; what is
 * not known is left out.
 */
"use client";

import type { ReactNode } from "react";
import { agoText, timeLeftText, tookText } from "@/lib/duration-words";
import { isMoving } from "./agenda";
import type { PaneView } from "./pane-view";
import type { UsedPreview } from "./use-preview";
import { useServerNow } from "./use-server-now";
import { filesText, stateWord } from "./words";

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
            {stateWord(view)}
          </span>
          {view.holds > 0 ? <AgentsAtWork view={view} clockOffsetMs={clockOffsetMs} /> : null}
          <span className="preview-detail" title={detailOf(view)}>
            {detailOf(view)}
          </span>
          <dl className="preview-figures">
            <TimeLeft view={view} clockOffsetMs={clockOffsetMs} />
            {view.cameBack ? <Figure name="Took" value={tookText(view.cameBack.tookMs)} /> : null}
            {view.state === "running" ? <Figure name="Viewers" value={view.viewers} /> : null}
            {view.files ? (
              <FilesFigures files={view.files} state={view.state} clockOffsetMs={clockOffsetMs} />
            ) : null}
          </dl>
        </>
      ) : null}
    </header>
  );
}

/** How it came back while it runs; what is being done while it moves; nothing at rest, where the card speaks. */
function detailOf(view: PaneView): string {
  if (view.renewal) return "Memory and processes are kept";
  if (isMoving(view.state)) return view.step ? `${view.step.title}…` : "";
  return view.cameBack?.title ?? "";
}

/** It does not go to rest meanwhile, whoever watches; a hold ends by itself. */
function AgentsAtWork({ view, clockOffsetMs }: { view: PaneView; clockOffsetMs: number }) {
  const now = useServerNow(clockOffsetMs);
  const { holds, heldUntil } = view;
  return (
    <span className="preview-agents">
      {holds === 1 ? "An agent is working here" : `${holds} agents are working here`}
      {heldUntil === undefined || heldUntil <= now ? "" : `, for ${timeLeftText(heldUntil - now)} at most`}
    </span>
  );
}

interface FilesFiguresProps {
  readonly files: NonNullable<PaneView["files"]>;
  readonly state: PaneView["state"];
  readonly clockOffsetMs: number;
}

function FilesFigures({ files, state, clockOffsetMs }: FilesFiguresProps) {
  const now = useServerNow(clockOffsetMs);
  const { revision, savedAt, unsaved, syncAskedAt } = files;
  return (
    <>
      <Figure
        name="Revision"
        value={<code>{revision.slice(0, 7)}</code>}
        hint={`Revision of the project's files: ${revision}`}
      />
      {savedAt === undefined ? null : (
        <Figure
          name="Saved"
          value={`${agoText(now - savedAt)} ago`}
          hint="When its files were last known to be in the project"
        />
      )}
      {unsaved ? (
        <Figure
          name="Not saved"
          value={filesText(unsaved)}
          hint="Kept in the sandbox; tried again when it rests"
        />
      ) : null}
      {syncAskedAt === undefined ? null : (
        <Figure name="Newer files" value={state === "running" ? "on their way" : "waiting"} />
      )}
    </>
  );
}

function Figure({ name, value, hint }: { name: string; value: ReactNode; hint?: string }) {
  return (
    <div className="preview-figure" title={hint}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/**
 * Until it rests by itself, or until the end that the provider has confirmed where that comes first; nothing while an
 * agent keeps it from both.
 */
function TimeLeft({ view, clockOffsetMs }: { view: PaneView; clockOffsetMs: number }) {
  const now = useServerNow(clockOffsetMs);
  const { restsAt, providerEndsAt = Number.POSITIVE_INFINITY } = view;
  if (view.state !== "running" || view.holds > 0 || restsAt === undefined) return null;
  const leftMs = Math.min(restsAt, providerEndsAt) - now;
  const hint =
    restsAt <= providerEndsAt
      ? "Goes to rest when nobody does anything until then"
      : "Until the end that the provider has confirmed";
  return <Figure name="Rests in" value={leftMs > 0 ? timeLeftText(leftMs) : "a moment"} hint={hint} />;
}
