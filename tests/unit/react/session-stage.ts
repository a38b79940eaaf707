/**
 * A session on a stage: a page, a server and a clock that do what the test says, and a list of what was called. The
 * server answers at once unless the test holds an answer back.
 */
import { VirtualClock } from "@/lib/local/virtual-clock";
import type { PageReactions } from "@/lib/react/page-signals";
import type { PaneView } from "@/lib/react/pane-view";
import type { Answer } from "@/lib/react/preview-api";
import { firstState, type Session, type SessionState, startSession } from "@/lib/react/session";

type Call = "status" | "open" | "beat";

export interface Stage {
  readonly clock: VirtualClock;
  readonly session: Session;
  readonly calls: string[];
  state(): SessionState;
  count(call: string): number;
  /** What the server answers from now on; a function is asked at each call. */
  answers(answer: (call: Call) => Answer | Promise<Answer>): void;
  /** The same view for every call, stamped with the stage's time. */
  shows(view: PaneView): void;
  setVisible(isVisible: boolean): void;
  /** A person steps into the frame, which is input too, or out of it. */
  setFrameFocused(isFocused: boolean): void;
  readonly page: PageReactions;
}

export function stageOf(options: { readonly isVisible?: boolean } = {}): Stage {
  const clock = new VirtualClock();
  const calls: string[] = [];
  let isVisible = options.isVisible ?? true;
  let isFrameFocused = false;
  let state = firstState;
  let answer: (call: Call) => Answer | Promise<Answer> = () => ({ kind: "unreachable" });
  let viewers = 0;
  const watching: PageReactions[] = [];

  const ask = async (call: Call, viewerId?: string): Promise<Answer> => {
    calls.push(viewerId ? `${call} ${viewerId}` : call);
    return answer(call);
  };
  const session = startSession({
    clock,
    api: {
      status: () => ask("status"),
      open: (viewerId) => ask("open", viewerId),
      beat: (viewerId) => ask("beat", viewerId),
      leave: (viewerId) => calls.push(`leave ${viewerId}`),
    },
    page: {
      isVisible: () => isVisible,
      isFrameFocused: () => isFrameFocused,
      watch(reactions) {
        watching.push(reactions);
        return () => watching.splice(0);
      },
    },
    newViewerId: () => {
      viewers += 1;
      return `viewer${viewers}`;
    },
    show: (next) => {
      state = next;
    },
  });
  const tell = (reaction: keyof PageReactions) => () => {
    for (const reactions of [...watching]) reactions[reaction]();
  };
  const page: PageReactions = {
    input: tell("input"),
    visibilityChanged: tell("visibilityChanged"),
    leaving: tell("leaving"),
    restored: tell("restored"),
  };

  return {
    clock,
    session,
    calls,
    page,
    state: () => state,
    count: (call) => calls.filter((made) => made.split(" ")[0] === call).length,
    answers(next) {
      answer = next;
    },
    shows(view) {
      answer = () => {
        const now = clock.now();
        return { kind: "view", view: { ...view, serverNow: now }, sentAt: now, receivedAt: now };
      };
    },
    setVisible(next) {
      isVisible = next;
      page.visibilityChanged();
    },
    setFrameFocused(isFocused) {
      isFrameFocused = isFocused;
      if (isFocused) page.input();
    },
  };
}
