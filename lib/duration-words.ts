/**
 * Owns how spans of time read: one wording for the pane, the history and what an operator is told. Pure; cannot fail. A
 * span that a clock made negative reads as none at all.
 */

/** Time that is left: whole minutes while there is plenty, `m:ss` in the last two minutes. */
export function timeLeftText(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1_000));
  if (seconds >= 120) return `${Math.round(seconds / 60)} min`;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Time that has passed, ticking: `7 s`, `1 min 07 s`. */
export function elapsedText(elapsedMs: number): string {
  const seconds = Math.max(0, Math.floor(elapsedMs / 1_000));
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** How long something took: `0.4 s`, `12 s`, `1 min 07 s`. */
export function tookText(tookMs: number): string {
  return tookMs < 9_950
    ? `${(Math.max(0, tookMs) / 1_000).toFixed(1)} s`
    : elapsedText(Math.round(tookMs / 1_000) * 1_000);
}

/** How long ago, coarsely: `less than a minute`, `12 min`, `3 h`, `2 days`. */
export function agoText(elapsedMs: number): string {
  const minutes = Math.floor(elapsedMs / 60_000);
  if (minutes < 1) return "less than a minute";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h`;
  return `${Math.floor(hours / 24)} days`;
}

/** A span inside a sentence, rounded to what matters: `0.4 s`, `3 s`, `40 s`, `9 min`, `3 h 20 min`, `2 days`. */
export function spanText(spanMs: number): string {
  const tenths = Math.max(0, Math.round(spanMs / 100));
  if (tenths < 100) return `${tenths / 10} s`;
  const seconds = Math.round(spanMs / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(spanMs / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} days`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}
