/**
 * Owns which of two answers is newer. Calls overlap (a look, a beat, an open that waits for a resume), so an answer
 * that comes late must not turn the pane back. Pure; cannot fail.
 */

export interface TimedView {
  readonly view: { readonly serverNow: number };
  /** By this browser's clock. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

/**
 * By the server's time; but an answer to a call that was made after the shown answer had arrived is always newer, so
 * that a server whose clock was set back does not freeze every open pane.
 */
export function isNewer(candidate: TimedView, shown: TimedView | undefined): boolean {
  if (!shown) return true;
  return candidate.view.serverNow >= shown.view.serverNow || candidate.sentAt >= shown.receivedAt;
}
