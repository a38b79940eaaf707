/**
 * Owns the buttons under a local preview: what each does in a sentence, and what came of it in words. It must never act
 * by itself. Cannot fail: a call that went wrong is shown.
 */
"use client";

import { useState } from "react";
import { type LocalToolName, localToolWords } from "@/app/local-tool-names";
import { parseRefusal } from "@/lib/react/pane-view";

export interface LocalToolsPanelProps {
  readonly projectId: string;
  readonly tools: readonly LocalToolName[];
}

type Standing =
  | { readonly kind: "idle" }
  | { readonly kind: "under-way"; readonly tool: LocalToolName }
  | { readonly kind: "told"; readonly words: string };

export function LocalToolsPanel({ projectId, tools }: LocalToolsPanelProps) {
  const [standing, setStanding] = useState<Standing>({ kind: "idle" });
  const use = async (tool: LocalToolName) => {
    setStanding({ kind: "under-way", tool });
    setStanding({ kind: "told", words: await ask(projectId, tool) });
  };
  return (
    <details className="local-tools" open>
      <summary>Make something happen to this sandbox; only on this machine</summary>
      <p className="local-tools-outcome" role="status">
        {outcomeOf(standing)}
      </p>
      <ul>
        {tools.map((tool) => (
          <li key={tool}>
            <button
              type="button"
              className="button"
              disabled={standing.kind === "under-way"}
              onClick={() => void use(tool)}
            >
              {localToolWords[tool].label}
            </button>
            <p>{localToolWords[tool].seen}</p>
          </li>
        ))}
      </ul>
    </details>
  );
}

function outcomeOf(standing: Standing): string {
  switch (standing.kind) {
    case "idle":
      return "";
    case "under-way":
      return `${localToolWords[standing.tool].label}…`;
    case "told":
      return standing.words;
  }
}

/** The server gives up on the sandbox's control before this, and a development server may compile first. */
const DEADLINE_MS = 30_000;

async function ask(projectId: string, tool: LocalToolName): Promise<string> {
  try {
    const answer = await fetch(`/api/local-tools/${encodeURIComponent(projectId)}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ tool }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    if (answer.ok) return localToolWords[tool].done;
    return parseRefusal(await answer.json())?.message ?? unheard;
  } catch {
    // Offline, a deadline, or a page instead of JSON: all the same to the person.
    return unheard;
  }
}

const unheard = "There was no answer that could be read; whether it happened is not known. Try again.";
