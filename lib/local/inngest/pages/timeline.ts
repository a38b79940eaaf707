/**
 * Owns a step's bar on a run's timeline: its tries, and the times in which it waited, as a drawing whose numbers are
 * attributes, because the pages allow no styles of their own. Pure; cannot fail.
 */
import type { HistoryStep } from "@/lib/local/inngest/history";
import { type Html, html } from "./html";

export interface Period {
  readonly startedAt: number;
  readonly endedAt: number;
}

export type Look = "good" | "bad" | "busy" | "wait" | "off";

export interface Piece extends Period {
  readonly look: Look;
  /** What the pointer reads. */
  readonly title: string;
}

/** A try of two milliseconds in a run of a day must be seen all the same. */
const NARROWEST_PERCENT = 0.5;

export const bar = (
  pieces: readonly Piece[],
  whole: Period,
): Html => html`<svg class="bar" role="img" aria-label="${pieces.map(({ title }) => title).join("; ")}">
<rect class="track" x="0" y="5" width="100%" height="4"></rect>${pieces.map((piece) => pieceOf(piece, whole))}</svg>`;

function pieceOf({ startedAt, endedAt, look, title }: Piece, whole: Period): Html {
  const wholeMs = Math.max(1, whole.endedAt - whole.startedAt);
  const percentOf = (ms: number) => Math.min(100, Math.max(0, (ms / wholeMs) * 100));
  const width = Math.max(NARROWEST_PERCENT, percentOf(endedAt - startedAt));
  const x = Math.min(100 - width, percentOf(startedAt - whole.startedAt));
  return html`<rect class="${look}" x="${x.toFixed(2)}%" y="1" width="${width.toFixed(2)}%" height="12"><title>${title}</title></rect>`;
}

/** The tries of the step and, for a sleep or a wait, the time that it took; what is still open ends `now`. */
export function piecesOf(step: HistoryStep, now: number): readonly Piece[] {
  const endedAt = step.endedAt ?? now;
  const tries = step.tries.map((one): Piece => {
    const title = one.error === null ? `try ${one.number}` : `try ${one.number} failed: ${one.error.message}`;
    return {
      startedAt: one.startedAt,
      endedAt: one.endedAt,
      look: one.error === null ? "good" : "bad",
      title,
    };
  });
  const rest: Piece = { startedAt: step.startedAt, endedAt, look: restLook(step), title: restTitle(step) };
  return tries.length === 0 || step.endedAt === null || tries.length > 1 ? [rest, ...tries] : tries;
}

const restLook = ({ op, status }: HistoryStep): Look =>
  status === "Failed" && op !== "StepRun" ? "bad" : "wait";

const restTitle = ({ op, endedAt }: HistoryStep): string => {
  const verb = op === "Sleep" ? "asleep" : "waiting";
  return endedAt === null ? `still ${verb}` : verb;
};
