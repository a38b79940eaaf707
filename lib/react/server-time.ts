/**
 * Owns the reading of the server's times in a browser whose clock may be wrong. Pure; cannot fail.
 */

/** What to add to this browser's clock to have the server's; the answer was on its way for half of the round trip. */
export function clockOffsetMs(answer: {
  readonly view: { readonly serverNow: number };
  readonly sentAt: number;
  readonly receivedAt: number;
}): number {
  return answer.view.serverNow - (answer.sentAt + answer.receivedAt) / 2;
}
