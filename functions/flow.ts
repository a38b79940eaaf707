/**
 * Owns the expressions and times that several functions share, as Inngest wants them written. Pure. Expressions stay in
 * the subset that every evaluator agrees on: paths, `==`, `&&`, `+` of strings.
 */

import type { Runtime } from "@/lib/runtime";

/** One window or lock per preview. */
export const perPreview = 'event.data.projectId + "/" + event.data.userId';

/** An event of the same preview as the run's own. */
export const samePreview =
  "event.data.projectId == async.data.projectId && event.data.userId == async.data.userId";

/** Inngest's shortest debounce is a second, and its time strings are whole seconds. */
export const seconds = (durationMs: number): `${number}s` => `${Math.max(1, Math.round(durationMs / 1000))}s`;

/** A time of Redis's clock as one of Inngest's, which this process stands in for; never sooner than it should be. */
export function atLocalTime(runtime: Runtime, at: number, redisNow: number): number {
  return runtime.clock.now() + Math.max(0, at - redisNow);
}
