/**
 * Owns how times, spans and values are written on the pages, for people. Values are shown as text and cut, because a
 * step may answer megabytes. Pure; cannot fail.
 */
import { type Html, html } from "./html";

/** What a page shows of one value; the JSON API has all of it. */
export const MOST_SHOWN_CHARACTERS = 8_000;

/** "2026-11-23 10:00:00.000"; the pages say once that all times are UTC. */
export const dateAndTime = (at: number): string =>
  new Date(at).toISOString().replace("T", " ").replace("Z", "");

/** "10:00:00.000". */
export const timeOfDay = (at: number): string => new Date(at).toISOString().slice(11, 23);

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
] as const;

/** "12 ms", "3.4 s", "2 min 5 s", "3 d 4 h": the two largest units, or one with a decimal. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(1))} s`;
  const index = UNITS.findIndex(([, size]) => ms >= size);
  const [name, size] = UNITS[index] ?? UNITS[2];
  const [nextName, nextSize] = UNITS[index + 1] ?? ["s", 1000];
  const rest = Math.floor((ms % size) / nextSize);
  return `${Math.floor(ms / size)} ${name}${rest === 0 ? "" : ` ${rest} ${nextName}`}`;
}

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** The value as text, cut where it is too long, with what was left out. */
export function shownValue(value: unknown): Html {
  const text = JSON.stringify(value, null, 2) ?? "nothing";
  if (text.length <= MOST_SHOWN_CHARACTERS) return html`<pre>${text}</pre>`;
  const left = text.length - MOST_SHOWN_CHARACTERS;
  return html`<pre>${text.slice(0, MOST_SHOWN_CHARACTERS)}</pre><p class="note">… and ${left} more characters; the JSON API has all of them.</p>`;
}
