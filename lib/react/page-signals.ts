/**
 * Owns what this page can notice of a person: input, coming and going. It must never listen to what a page does to
 * itself: `scroll` and `focusin` also fire for our own scrolling of a log, so the wheel, touch and keys stand for them.
 * Cannot fail.
 */

export interface PageReactions {
  /** A person did something, here or by stepping into the frame. */
  input(): void;
  visibilityChanged(): void;
  /** The page goes away; it may come back from the back/forward cache. */
  leaving(): void;
  /** It came back from there, with its memory as it was. */
  restored(): void;
}

export interface PageSignals {
  isVisible(): boolean;
  /** A person stepped into the frame and has not left it, nor this window. */
  isFrameFocused(): boolean;
  /** Answers how to stop. */
  watch(reactions: PageReactions): () => void;
}

const inputEvents = ["pointerdown", "pointermove", "keydown", "wheel", "touchmove"] as const;

export function browserPage(): PageSignals {
  return {
    isVisible: () => document.visibilityState === "visible",
    isFrameFocused: () => document.hasFocus() && isFrameFocused(),
    watch(reactions) {
      const listening = new AbortController();
      const quietly = { capture: true, passive: true, signal: listening.signal };
      for (const name of inputEvents) document.addEventListener(name, reactions.input, quietly);
      window.addEventListener("focus", reactions.input, quietly);
      window.addEventListener("blur", () => isFrameFocused() && reactions.input(), quietly);
      document.addEventListener("visibilitychange", reactions.visibilityChanged, quietly);
      window.addEventListener("pagehide", reactions.leaving, quietly);
      window.addEventListener("pageshow", (event) => event.persisted && reactions.restored(), quietly);
      return () => listening.abort();
    },
  };
}

/** The window loses its focus to the frame when a person clicks into it: the one thing that is seen of them there. */
function isFrameFocused(): boolean {
  return document.activeElement instanceof HTMLIFrameElement;
}
