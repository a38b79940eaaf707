/**
 * Owns whether somebody is there, as far as this page can know. A frame of another site tells nothing of what is done
 * inside it, so the focus in it counts like input, but only for a while after the last thing that this page saw itself;
 * then the person is asked. Pure; cannot fail. An open tab alone is never a sign of life: that is what peers paid for.
 */

export type Attention =
  /** Nobody can see the page. */
  | "hidden"
  /** Seen, and used not long ago. */
  | "present"
  /** Seen, but unused for so long that it is time to ask. */
  | "unsure";

/** How long after the last own input a visible page still counts as used. */
export const ASK_AFTER_MS = 30 * 60_000;

export function attentionOf(page: {
  readonly isVisible: boolean;
  readonly lastInputAt: number;
  readonly now: number;
}): Attention {
  if (!page.isVisible) return "hidden";
  return page.now - page.lastInputAt < ASK_AFTER_MS ? "present" : "unsure";
}
