/**
 * Owns the browser's calls to the routes of one preview. Every call ends, by an answer or by its deadline, and
 * never throws: what went wrong is a value that the pane can show. It must never retry by itself; the session does.
 */
import type { Clock } from "@/lib/clock";
import { type PaneHistory, type PaneView, parsePaneHistory, parsePaneView, parseRefusal } from "./pane-view";

export type Answer =
  | { readonly kind: "view"; readonly view: PaneView; readonly sentAt: number; readonly receivedAt: number }
  | NoAnswer;

export type HistoryAnswer = { readonly kind: "history"; readonly history: PaneHistory } | NoAnswer;

export type NoAnswer =
  /** The server understood and said no. */
  | { readonly kind: "refused"; readonly code: string; readonly message: string; readonly retriable: boolean }
  /** No answer, or one that is not Rekindle's. */
  | { readonly kind: "unreachable" };

export interface PreviewApi {
  status(): Promise<Answer>;
  history(): Promise<HistoryAnswer>;
  open(viewerId: string): Promise<Answer>;
  beat(viewerId: string): Promise<Answer>;
  /** Sent even while the page goes away; nobody waits for an answer. */
  leave(viewerId: string): void;
}

/** A status or beat is one round trip to Redis behind the route. */
const QUICK_DEADLINE_MS = 10_000;
/** An open resumes while the call waits, within the server's own budget, and a development server may compile first. */
const OPEN_DEADLINE_MS = 45_000;
/** Two reads; but it is the one route that a development server compiles while the person watches. */
const HISTORY_DEADLINE_MS = 45_000;

export function previewApi(basePath: string, projectId: string, clock: Clock): PreviewApi {
  const address = `${basePath}/${encodeURIComponent(projectId)}`;

  async function call(path: string, deadlineMs: number, body?: string): Promise<Answer> {
    const asked = await ask(`${address}${path}`, {
      deadlineMs,
      clock,
      ...(body === undefined ? {} : { body }),
    });
    return read(asked, (answer, times) => {
      const view = parsePaneView(answer);
      return view && { kind: "view", view, ...times };
    });
  }

  return {
    status: () => call("", QUICK_DEADLINE_MS),
    async history() {
      const asked = await ask(`${address}/history`, { deadlineMs: HISTORY_DEADLINE_MS, clock });
      return read(asked, (answer) => {
        const history = parsePaneHistory(answer);
        return history && { kind: "history", history };
      });
    },
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

interface Times {
  readonly sentAt: number;
  readonly receivedAt: number;
}

/** What came over the wire; undefined when nothing did, or no JSON. */
type Asked = { readonly isOk: boolean; readonly answer: unknown; readonly times: Times } | undefined;

async function ask(
  address: string,
  { deadlineMs, clock, body }: { readonly deadlineMs: number; readonly clock: Clock; readonly body?: string },
): Promise<Asked> {
  const sentAt = clock.now();
  try {
    const response = await fetch(address, {
      ...(body === undefined ? {} : { method: "POST", headers: jsonHeaders, body }),
      cache: "no-store",
      signal: AbortSignal.timeout(deadlineMs),
    });
    const answer: unknown = await response.json();
    return { isOk: response.ok, answer, times: { sentAt, receivedAt: clock.now() } };
  } catch {
    // Offline, a deadline, or a proxy's page instead of JSON: all the same to the person, and tried again.
    return undefined;
  }
}

/** What the answer says, read by whoever knows its shape; what nobody can read counts as no answer. */
function read<T>(asked: Asked, parse: (answer: unknown, times: Times) => T | undefined): T | NoAnswer {
  if (!asked) return { kind: "unreachable" };
  const { isOk, answer, times } = asked;
  if (isOk) return parse(answer, times) ?? { kind: "unreachable" };
  const refusal = parseRefusal(answer);
  return refusal ? { kind: "refused", ...refusal } : { kind: "unreachable" };
}
