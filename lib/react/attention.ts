/**
 * Owns whether somebody is there, as far as this page can know. A frame of another site tells nothing of what is done
 * inside it, so the focus in it counts like input, but only for a while after the last thing that this page saw itself;
 * then the person is asked. Pure; cannot fail. An open tab alone is never a sign of life: that is what peers paid for.
 */

export type Attention =
  /** Nobody can see the page. */
  | "hidden"
  /** Seen, and used since about the last beat, here or in the frame. */
  | "present"
  /** Seen, but not used: the preview's time runs on, and any input ends it. */
  | "quiet"
  /** The frame has the focus, but for so long without anything that this page saw itself that it is time to ask. */
  | "unsure";

/** How long after the last own input the focus in the frame still counts as use. */
export const ASK_AFTER_MS = 30 * 60_000;

/** What counts as "since about the last beat" before the server has said how often it wants beats. */
const USUAL_BEAT_MS = 30_000;

export function attentionOf(page: {
  readonly isVisible: boolean;
  readonly isFrameFocused: boolean;
  readonly lastInputAt: number;
  readonly now: number;
  readonly beatEveryMs: number | undefined;
}): Attention {
  if (!page.isVisible) return "hidden";
  const unusedForMs = page.now - page.lastInputAt;
  if (unusedForMs < (page.beatEveryMs ?? USUAL_BEAT_MS)) return "present";
  if (!page.isFrameFocused) return "quiet";
  return unusedForMs < ASK_AFTER_MS ? "present" : "unsure";
}
