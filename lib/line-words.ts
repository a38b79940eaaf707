/**
 * Owns how a standing in the line for a place reads, for the pane and for an operator alike. It must never promise: a time
 * is only told where admissions have been seen, and as about. Pure; cannot fail.
 */
import { spanText } from "./duration-words";

export interface Standing {
  /** From 1; 0 once a place is offered. */
  readonly position: number;
  readonly waitMs?: number | undefined;
}

/** `3rd in line, about 2 min`, `3rd in line, no estimate yet`, `a place is free for it`. */
export function standingText({ position, waitMs }: Standing): string {
  if (position === 0) return "a place is free for it";
  const time = waitMs === undefined ? "no estimate yet" : `about ${spanText(Math.max(waitMs, 1_000))}`;
  return `${ordinal(position)} in line, ${time}`;
}

/** `1st`, `2nd`, `3rd`, `4th`, `11th`, `21st`. */
function ordinal(position: number): string {
  const isTeen = position % 100 >= 11 && position % 100 <= 13;
  const ending = isTeen ? undefined : ["st", "nd", "rd"][(position % 10) - 1];
  return `${position}${ending ?? "th"}`;
}
