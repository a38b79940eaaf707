/**
 * Owns the loading of a history: once when it is first wanted, and again when its subject has changed or a person asks. It
 * must never poll. Cannot fail: an answer that did not come is a trouble beside what was known before.
 */
"use client";

import { useEffect, useState } from "react";
import type { PaneHistory } from "./pane-view";
import type { HistoryAnswer } from "./preview-api";
import { type Trouble, troubleOf } from "./trouble";

export interface LoadedHistory {
  readonly history: PaneHistory;
  /** By this browser's clock. */
  readonly at: number;
}

export interface UsedHistory {
  /** Undefined until the first answer. */
  readonly loaded: LoadedHistory | undefined;
  readonly trouble: Trouble | undefined;
  again(): void;
}

/** `load` must be the same function as long as the preview is; another `lot` is another thing to tell. */
export function useHistory(load: () => Promise<HistoryAnswer>, lot: string): UsedHistory {
  const [loaded, setLoaded] = useState<LoadedHistory>();
  const [trouble, setTrouble] = useState<Trouble>();
  const [tries, setTries] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another lot or try is what asks again
  useEffect(() => {
    let isWanted = true;
    void load().then((answer) => {
      // An answer to an older question must not push out a newer one.
      if (!isWanted) return;
      if (answer.kind === "history") setLoaded({ history: answer.history, at: Date.now() });
      setTrouble(answer.kind === "history" ? undefined : troubleOf(answer, "look"));
    });
    return () => {
      isWanted = false;
    };
  }, [load, lot, tries]);

  return { loaded, trouble, again: () => setTries((before) => before + 1) };
}
