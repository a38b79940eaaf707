/**
 * Owns which page answers which path: `/`, `/runs/{id}`, `/events/{id}`, and the buttons below `/actions`. Null for
 * anything else. What the history has forgotten answers 404 with a page that says so.
 */
import type { Engine } from "@/lib/local/inngest/engine";
import type { InngestHistory } from "@/lib/local/inngest/history";
import type { ApiRequest, ApiResponse, Target } from "@/lib/local/inngest/http-message";
import { ACTIONS, act } from "./actions";
import { eventPage } from "./event-page";
import { homePage } from "./home-page";
import { type Html, html } from "./html";
import { pageResponse } from "./layout";
import { createPageKey, type PageKey } from "./page-key";
import { runPage } from "./run-page";

export interface Pages {
  /** True where the body is a form of a page and not JSON. */
  takesForm(method: string, target: Target): boolean;
  answer(request: ApiRequest, target: Target): ApiResponse | null;
}

export function createPages(engine: Engine): Pages {
  const key = createPageKey();
  return {
    takesForm,
    answer(request, target) {
      const [first = "", id = "", ...more] = target.segments;
      if (takesForm(request.method, target)) return act(engine, id, request, key);
      if (request.method !== "GET" || more.length > 0) return null;
      const history = engine.history();
      const found = find(engine, history, first, id, target.query, key);
      if (!found) return null;
      const { status = 200, ...page } = found;
      return pageResponse(status, { ...page, refreshSeconds: refreshOf(target.query) }, history);
    },
  };
}

function takesForm(method: string, { segments: [first, action = "", ...more] }: Target): boolean {
  return method === "POST" && first === "actions" && more.length === 0 && ACTIONS.has(action);
}

interface Found {
  readonly title: string;
  readonly body: Html;
  readonly status?: number;
}

function find(
  engine: Engine,
  history: InngestHistory,
  first: string,
  id: string,
  query: URLSearchParams,
  key: PageKey,
): Found | null {
  switch (`${first} ${id === "" ? "" : "id"}`) {
    case " ":
      return findHome(engine, history, query, key);
    case "runs id":
      return findRun(engine, history, id, key);
    case "events id":
      return findEvent(history, id, key);
    default:
      return null;
  }
}

function findHome(engine: Engine, history: InngestHistory, query: URLSearchParams, key: PageKey): Found {
  const [functionIds, pausedIds] = [engine.functionIds(), engine.pausedFunctionIds()];
  const chosen = {
    status: query.get("status"),
    functionId: query.get("function"),
    hasAllEvents: query.get("events") === "all",
  };
  return { title: "What happened", body: homePage({ history, functionIds, pausedIds, ...chosen, key }) };
}

function findRun(engine: Engine, { runs, events }: InngestHistory, id: string, key: PageKey): Found {
  const run = runs.find((one) => one.id === id);
  if (!run) return forgotten(`run ${id}`);
  const eventData = events.findLast((event) => event.id === run.eventId)?.data;
  return { title: run.functionId, body: runPage({ run, eventData, now: engine.now(), key }) };
}

function findEvent({ events }: InngestHistory, id: string, key: PageKey): Found {
  const event = events.findLast((one) => one.internalId === id || one.id === id);
  return event ? { title: event.name, body: eventPage(event, key) } : forgotten(`event ${id}`);
}

/** Only what the pages' own links ask for. */
const refreshOf = (query: URLSearchParams): number | null => (query.get("refresh") === "2" ? 2 : null);

const forgotten = (what: string): Found => ({
  status: 404,
  title: "Forgotten",
  body: html`<h1>Not in the history</h1>
<p class="problem">There is no ${what}, or it was forgotten.</p><p><a href="/">All runs and events</a></p>`,
});
