/**
 * Owns the browser's calls to the four routes of one preview. Every call ends, by an answer or by its deadline, and
 * never throws: what went wrong is a value that the pane can show. It must never retry by itself; the session does.
 */
import type { Clock } from "@/lib/clock";
import { type PaneView, parsePaneView, parseRefusal } from "./pane-view";

export type Answer =
  | { readonly kind: "view"; readonly view: PaneView; readonly sentAt: number; readonly receivedAt: number }
  /** The server understood and said no. */
  | { readonly kind: "refused"; readonly code: string; readonly message: string; readonly retriable: boolean }
  /** No answer, or one that is not Rekindle's. */
  | { readonly kind: "unreachable" };

export interface PreviewApi {
  status(): Promise<Answer>;
  open(viewerId: string): Promise<Answer>;
  beat(viewerId: string): Promise<Answer>;
  /** Sent even while the page goes away; nobody waits for an answer. */
  leave(viewerId: string): void;
}

/** A status or beat is one round trip to Redis behind the route. */
const QUICK_DEADLINE_MS = 10_000;
/** An open resumes while the call waits, within the server's own budget, and a development server may compile first. */
const OPEN_DEADLINE_MS = 45_000;

export function previewApi(basePath: string, projectId: string, clock: Clock): PreviewApi {
  const address = `${basePath}/${encodeURIComponent(projectId)}`;

  async function call(path: string, deadlineMs: number, body?: string): Promise<Answer> {
    const sentAt = clock.now();
    try {
      const response = await fetch(`${address}${path}`, {
        ...(body === undefined ? {} : { method: "POST", headers: jsonHeaders, body }),
        cache: "no-store",
        signal: AbortSignal.timeout(deadlineMs),
      });
      const answer: unknown = await response.json();
      return readAnswer(response.ok, answer, { sentAt, receivedAt: clock.now() });
    } catch {
      // Offline, a deadline, or a proxy's page instead of JSON: all the same to the person, and tried again.
      return { kind: "unreachable" };
    }
  }

  return {
    status: () => call("", QUICK_DEADLINE_MS),
    open: (viewerId) => call("/open", OPEN_DEADLINE_MS, JSON.stringify({ viewerId })),
    beat: (viewerId) => call("/beat", QUICK_DEADLINE_MS, JSON.stringify({ viewerId })),
    leave(viewerId) {
      // A Blob, because the route takes only JSON by its content type, and a beacon of a string is text/plain.
      const blob = new Blob([JSON.stringify({ viewerId })], { type: "application/json" });
      // Accepted loss when the browser refuses: a viewer without beats ages out by itself.
      navigator.sendBeacon(`${address}/leave`, blob);
    },
  };
}

const jsonHeaders = { "content-type": "application/json" };

function readAnswer(
  isOk: boolean,
  answer: unknown,
  times: { readonly sentAt: number; readonly receivedAt: number },
): Answer {
  if (isOk) {
    const view = parsePaneView(answer);
    return view ? { kind: "view", view, ...times } : { kind: "unreachable" };
  }
  const refusal = parseRefusal(answer);
  return refusal ? { kind: "refused", ...refusal } : { kind: "unreachable" };
}
