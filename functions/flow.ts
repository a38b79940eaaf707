/**
 * Owns the expressions and times that several functions share, as Inngest wants them written. Pure. Expressions stay in
 * the subset that every evaluator agrees on: paths, `==`, `&&`, `+` of strings.
 */

/** One window or lock per preview. */
export const perPreview = 'event.data.projectId + "/" + event.data.userId';

/** An event of the same preview as the run's own. */
export const samePreview =
  "event.data.projectId == async.data.projectId && event.data.userId == async.data.userId";

/** Inngest's shortest debounce is a second, and its time strings are whole seconds. */
export const seconds = (durationMs: number): `${number}s` => `${Math.max(1, Math.round(durationMs / 1000))}s`;

/**
 * How long Inngest is to sleep until a time of Redis's clock: a span and no time, since the clock of this process may be
 * minutes off Inngest's, and a sleep until a time that has passed there is none. In whole seconds, as Inngest counts.
 */
export const sleepMs = (at: number, redisNow: number): number =>
  Math.max(1, Math.ceil((at - redisNow) / 1000)) * 1000;
