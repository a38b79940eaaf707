/** Views for the pane's tests: whole and valid, so that each test names only what it is about. */
import type { PaneView, PaneWarning } from "@/lib/react/pane-view";
import type { Answer } from "@/lib/react/preview-api";

export function viewOf(changes: Partial<PaneView> = {}): PaneView {
  return {
    projectId: "counter",
    state: "running",
    reason: { code: "requested", title: "Opened", message: "The preview was asked for." },
    action: "none",
    url: "http://3000-one.e2b.localhost:4567/",
    sandboxId: "one",
    viewers: 1,
    holds: 0,
    serverNow: 1_000,
    beatEveryMs: 30_000,
    ...changes,
  };
}

/** What the route answers at rest: no address, and the way back. */
export function restingView(changes: Partial<PaneView> = {}): PaneView {
  const { url, sandboxId, ...rest } = viewOf({ state: "paused", action: "open" });
  return { ...rest, ...changes };
}

export function warningOf(changes: Partial<PaneWarning> = {}): PaneWarning {
  const words = { title: "It goes to rest soon", message: "Nobody is using it." };
  return { kind: "idle", deadline: 121_000, canExtend: true, ...words, ...changes };
}

export function answerOf(view: PaneView, sentAt = 0, receivedAt = sentAt): Answer {
  return { kind: "view", view, sentAt, receivedAt };
}
