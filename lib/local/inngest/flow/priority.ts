/**
 * Owns how far a run jumps the queue (inngest.md §1.4): an expression gives seconds, by which the run goes before those
 * that came earlier; negative ones let others pass. It only matters among requests that wait for a slot. It must never
 * hold back a run when a slot is free. An expression that fails or is no number counts as none.
 */
import { type Expression, evaluateKey, type Scope } from "@/lib/local/inngest/expressions";

/** The server's own bound; the documentation speaks of 600 s. */
const FARTHEST_JUMP_MS = 12 * 3_600_000;

/** Milliseconds by which a run goes before others. */
export function jumpMs(priority: Expression | null, scope: Scope): number {
  const seconds = priority === null ? 0 : Number(evaluateKey(priority, scope) ?? 0);
  if (!Number.isFinite(seconds)) return 0;
  return Math.max(-FARTHEST_JUMP_MS, Math.min(FARTHEST_JUMP_MS, Math.trunc(seconds) * 1000));
}
