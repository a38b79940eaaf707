/**
 * Owns the hook over a session: one stay while the component is mounted. It must never open in a hidden tab. Cannot fail.
 */
"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import { systemClock } from "@/lib/clock";
import { browserPage } from "./page-signals";
import { type HistoryAnswer, previewApi } from "./preview-api";
import { firstState, type Session, type SessionState, startSession } from "./session";

export interface UsePreviewOptions {
  readonly projectId: string;
  /** Where the product mounted the routes; `/api/previews` when absent. */
  readonly basePath?: string;
}

export interface UsedPreview extends SessionState {
  /** Wake, open or try again; harmless while one is under way. */
  open(): void;
  /** "I am still here." */
  stay(): void;
  /** Looks again now, after trouble. */
  look(): void;
  /** Why it is as it is, and what happened; asked anew at each call, and by nobody else. The same function as long as the preview is. */
  readonly history: () => Promise<HistoryAnswer>;
}

/** The preview as it stands, and what a person can do; opens it by itself once, when the page is first seen. */
export function usePreview({ projectId, basePath = "/api/previews" }: UsePreviewOptions): UsedPreview {
  const [state, show] = useState<SessionState>(firstState);
  const session = useRef<Session>(undefined);

  useEffect(() => {
    show(firstState);
    const api = previewApi(basePath, projectId, systemClock);
    const current = startSession({ api, page: browserPage(), clock: systemClock, newViewerId, show });
    session.current = current;
    return () => current.stop();
  }, [projectId, basePath]);

  const history = useCallback(
    () => previewApi(basePath, projectId, systemClock).history(),
    [projectId, basePath],
  );

  return {
    ...state,
    history,
    open: () => session.current?.open(),
    stay: () => session.current?.stay(),
    look: () => session.current?.look(),
  };
}

/** `crypto.randomUUID` would need a secure context, which a host name on a local network is not. */
function newViewerId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
