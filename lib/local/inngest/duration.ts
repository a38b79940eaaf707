/**
 * Owns the two ways in which Inngest writes time: spans such as "1h30m" (the SDK types them as w/d/h/m/s, observed
 * 2026-11-22, and turns numbers into such spans) and ISO instants. It must never guess: what it cannot read throws,
 * because a sleep of zero by mistake would look like success.
 */

const UNIT_MS: Readonly<Record<string, number>> = {
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
};

const SPAN = /^(?:\d+(?:\.\d+)?(?:ms|w|d|h|m|s)\s*)+$/;
const PART = /(\d+(?:\.\d+)?)(ms|w|d|h|m|s)/g;

/** Milliseconds of a span such as "15m" or "1h30m". @throws RangeError for anything else. */
export function parseSpan(text: string): number {
  if (!SPAN.test(text)) throw new RangeError(`"${text}" is not a span of time such as "15m" or "1h30m"`);
  let totalMs = 0;
  for (const [, amount = "0", unit = ""] of text.matchAll(PART))
    totalMs += Number(amount) * (UNIT_MS[unit] ?? 0);
  return totalMs;
}

/** Milliseconds from `now` until the span is over or the instant has come; never negative. @throws RangeError */
export function delayUntil(text: string, now: number): number {
  if (SPAN.test(text)) return parseSpan(text);
  const instant = Date.parse(text);
  if (Number.isNaN(instant)) throw new RangeError(`"${text}" is neither a span of time nor an instant`);
  return Math.max(0, instant - now);
}
