/**
 * Owns one stay of one viewer at one preview: it looks, beats, opens and leaves at the right moments, and keeps what
 * the pane shows. No React and no DOM in here, so that it runs under a test's clock. It must never open by itself more
 * than once, never while the page is hidden, and never a preview whose start failed (that takes a person's click).
 * Cannot fail: a call that went wrong is shown and made again.
 *
 * A stay has its own random viewer id, in memory only. A duplicated tab would copy an id from `sessionStorage`, and the
 * parting message of a reload may arrive after the next page's first call and would then end its presence.
 */
import type { Cancel, Clock } from "@/lib/clock";
import { type Agenda, agendaOf, takesBeats } from "./agenda";
import { type Attention, attentionOf } from "./attention";
import { isNewer, type TimedView } from "./freshness";
import type { PageSignals } from "./page-signals";
import type { PaneView, PaneWarning } from "./pane-view";
import type { Answer, PreviewApi } from "./preview-api";
import { clockOffsetMs } from "./server-time";
import { nextFrame, type ShownFrame } from "./shown-frame";
import { nextWarning } from "./shown-warning";
import { type Trouble, troubleAfter, troubleOf } from "./trouble";

export interface SessionState {
  /** Undefined until the first answer. */
  readonly view: PaneView | undefined;
  readonly frame: ShownFrame | undefined;
  /** Of an end that is near and that nobody moves. */
  readonly warning: PaneWarning | undefined;
  /** What to add to this browser's clock to have the server's. */
  readonly clockOffsetMs: number;
  readonly attention: Attention;
  readonly isOpening: boolean;
  readonly trouble: Trouble | undefined;
}

export interface SessionParts {
  readonly api: Omit<PreviewApi, "history">;
  readonly page: PageSignals;
  readonly clock: Clock;
  newViewerId(): string;
  /** Called with every new state. */
  show(state: SessionState): void;
}

export interface Session {
  /** A person asked for it: wake, open, try again. */
  open(): void;
  /** A person said that they are still there. */
  stay(): void;
  /** Looks again now. */
  look(): void;
  /** Ends the stay and says so to the server. */
  stop(): void;
}

export const firstState: SessionState = {
  view: undefined,
  frame: undefined,
  warning: undefined,
  clockOffsetMs: 0,
  attention: "hidden",
  isOpening: false,
  trouble: undefined,
};

const NEVER = Number.NEGATIVE_INFINITY;
const FAR = Number.POSITIVE_INFINITY;

export function startSession({ api, page, clock, newViewerId, show }: SessionParts): Session {
  let state = firstState;
  let shown: TimedView | undefined;
  let viewerId = newViewerId();
  let standing: "here" | "away" | "stopped" = "here";
  let hasJoined = false;
  let hasOpened = false;
  let isCalling = false;
  let isRefused = false;
  let failures = 0;
  let lastLookAt = NEVER;
  let lastBeatAt = NEVER;
  let lastInputAt = clock.now();
  let cancelTimer: Cancel = () => undefined;

  function change(changes: Partial<SessionState>): void {
    if (standing === "stopped") return;
    const next = { ...state, ...changes };
    state = { ...next, warning: nextWarning(next.view, next.attention, state.warning) };
    show(state);
  }

  /** Does what is due, and arranges to be called for what comes next. */
  function proceed(): void {
    cancelTimer();
    if (standing === "stopped") return;
    const now = clock.now();
    const isVisible = standing === "here" && page.isVisible();
    const attention = attentionOf({
      isVisible,
      isFrameFocused: page.isFrameFocused(),
      lastInputAt,
      now,
      beatEveryMs: state.view?.beatEveryMs,
    });
    if (attention !== state.attention) change({ attention });

    const { lookAt = FAR, beatAt = FAR, askAt = FAR } = agenda();
    if (!isCalling && beatAt <= now) void call("beat");
    else if (!isCalling && lookAt <= now) void call("look");
    // A call under way comes back here when it ends.
    const nextAt = isCalling ? askAt : Math.min(askAt, lookAt, beatAt);
    if (nextAt < FAR) cancelTimer = clock.after(nextAt - now, proceed);
  }

  function agenda(): Agenda {
    const { attention, isOpening, view } = state;
    return agendaOf({
      attention,
      ...(view ? { state: view.state, beatEveryMs: view.beatEveryMs } : {}),
      ...(view?.line ? { linePosition: view.line.position } : {}),
      isOpening,
      isRefused,
      lastLookAt,
      lastBeatAt,
      lastInputAt,
      failures,
    });
  }

  /** One look or beat at a time; a beat's answer is a look as well. */
  async function call(kind: "look" | "beat"): Promise<void> {
    isCalling = true;
    lastLookAt = clock.now();
    if (kind === "beat") {
      lastBeatAt = clock.now();
      hasJoined = true;
    }
    const answer = await (kind === "beat" ? api.beat(viewerId) : api.status());
    isCalling = false;
    isRefused = answer.kind === "refused" && !answer.retriable;
    failures = answer.kind === "view" ? 0 : failures + 1;
    accept(answer, "look");
    proceed();
  }

  async function open(): Promise<void> {
    if (state.isOpening || standing !== "here") return;
    hasOpened = true;
    hasJoined = true;
    lastInputAt = clock.now();
    lastBeatAt = clock.now();
    change({ isOpening: true, trouble: undefined });
    proceed();
    const answer = await api.open(viewerId);
    change({ isOpening: false });
    accept(answer, "open");
    // "It was still running" is the record's belief; the first beat makes the provider be asked.
    if (answer.kind === "view" && answer.view.state === "running") lastBeatAt = NEVER;
    proceed();
  }

  function accept(answer: Answer, from: Trouble["call"]): void {
    if (answer.kind !== "view") {
      change({ trouble: troubleOf(answer, from) });
      return;
    }
    if (isNewer(answer, shown)) {
      shown = answer;
      const { view } = answer;
      change({ view, frame: nextFrame(view, state.frame), clockOffsetMs: clockOffsetMs(answer) });
    }
    change({ trouble: troubleAfter(answer.view, state.trouble) });
    const opensByItself = !hasOpened && page.isVisible() && answer.view.state !== "failed";
    hasOpened ||= page.isVisible();
    if (opensByItself) void open();
  }

  function leave(): void {
    if (!hasJoined) return;
    hasJoined = false;
    api.leave(viewerId);
    viewerId = newViewerId();
  }

  /** Somebody is there again: say so at once where that keeps something, and look at once everywhere. */
  function welcome(): void {
    lastInputAt = clock.now();
    lastLookAt = NEVER;
    if (takesBeats(state.view?.state) || state.view?.line) lastBeatAt = NEVER;
    proceed();
  }

  const unwatch = page.watch({
    input() {
      lastInputAt = clock.now();
      if (state.attention === "quiet" || state.attention === "unsure") proceed();
    },
    visibilityChanged: () => (page.isVisible() ? welcome() : proceed()),
    leaving() {
      leave();
      standing = "away";
      proceed();
    },
    restored() {
      standing = "here";
      welcome();
    },
  });
  // Not at once: React's strict mode starts and stops every effect once for nothing.
  cancelTimer = clock.after(0, proceed);

  return {
    open: () => void open(),
    stay: welcome,
    look() {
      isRefused = false;
      failures = 0;
      welcome();
    },
    stop() {
      leave();
      standing = "stopped";
      cancelTimer();
      unwatch();
    },
  };
}
