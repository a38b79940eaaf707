/**
 * Owns what the engine answers over HTTP: the Event API, the read paths of the real server's REST API, and the page.
 * It must never send CORS headers. What it does not know answers 501 and is logged, so that a missing feature never
 * looks like success (inngest.md §3.7 lists what the SDK calls).
 */
import type { Log } from "@/lib/log";
import type { Engine } from "./engine";
import { EventRefusedError } from "./events";
import { refusalOf } from "./guard";
import type { HistoryRun } from "./history";
import { renderPage } from "./page";
import { HEADER } from "./protocol";
import { answerSdk } from "./sdk-api";

export interface ApiRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Api = (request: ApiRequest) => ApiResponse;

export function createApi(engine: Engine, log: Log): Api {
  return (request) => {
    const refusal = refusalOf(request);
    if (refusal) {
      log.warn(
        { method: request.method, path: request.path, why: refusal.sentence },
        "A request was refused",
      );
      return json(refusal.status, { error: refusal.sentence });
    }
    const { pathname } = new URL(request.path, "http://127.0.0.1");
    const answer = route(engine, request, pathname.split("/").slice(1).map(decoded));
    if (answer) return answer;
    log.warn({ method: request.method, path: pathname }, "The embedded Inngest engine lacks a route");
    const sentence = `The embedded Inngest engine does not implement ${request.method} ${pathname}`;
    return json(501, { error: sentence });
  };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Not an encoding: as it stands it names nothing, and is answered like any unknown path.
    return segment;
  }
}

function route(engine: Engine, request: ApiRequest, segments: readonly string[]): ApiResponse | null {
  const sdk = answerSdk(engine, request, segments);
  if (sdk) return json(sdk.status, sdk.body);
  const [first = "", second = "", third = "", fourth] = segments;
  switch (`${request.method} ${first}`) {
    case "POST e":
      return segments.length === 2 ? receive(engine, request) : null;
    case "GET ":
      return page(engine);
    case "GET health":
      return json(200, { status: 200, message: "OK" });
    case "GET v1":
      return read(engine, second, third, fourth ?? null);
    case "DELETE v1":
      return second === "runs" && third !== "" && fourth === undefined ? cancel(engine, third) : null;
    default:
      return null;
  }
}

function receive(engine: Engine, { body, headers }: ApiRequest): ApiResponse {
  try {
    const ids = engine.receive(JSON.parse(body), headers[HEADER.eventIdSeed] ?? null);
    return json(200, { ids, status: 200 });
  } catch (error) {
    if (error instanceof EventRefusedError)
      return json(400, { ids: [""], status: 400, error: error.message });
    if (error instanceof SyntaxError)
      return json(400, { ids: [""], status: 400, error: "the body is not JSON" });
    throw error;
  }
}

function read(engine: Engine, collection: string, id: string, part: string | null): ApiResponse | null {
  const { events, runs } = engine.history();
  const listed = (data: readonly unknown[]) =>
    json(200, { data, metadata: { fetched_at: null, cached_until: null } });
  if (collection === "events" && id === "") return listed([...events].reverse());
  if (collection === "events" && part === null) return found(events.findLast((event) => isNamed(event, id)));
  if (collection === "events" && part === "runs") {
    const eventIds = new Set([id, ...events.filter((event) => isNamed(event, id)).map((event) => event.id)]);
    return listed(runs.filter((run) => eventIds.has(run.eventId)).map(asServerRun));
  }
  if (collection === "runs" && id === "") return listed([...runs].reverse().map(asServerRun));
  if (collection === "runs" && part === null) {
    const run = runs.find((one) => one.id === id);
    return found(run && { ...asServerRun(run), steps: run.steps, reason: run.reason });
  }
  return null;
}

const isNamed = (event: { id: string; internalId: string }, id: string): boolean =>
  event.id === id || event.internalId === id;

const found = (data: unknown): ApiResponse =>
  data === undefined ? json(404, { error: "not found in the engine's history" }) : json(200, { data });

/** The names of the real server's REST answer (§3.7). */
const asServerRun = (run: HistoryRun) => ({
  run_id: run.id,
  run_started_at: new Date(run.startedAt ?? run.queuedAt).toISOString(),
  function_id: run.functionId,
  event_id: run.eventId,
  status: run.status,
  ended_at: run.endedAt === null ? null : new Date(run.endedAt).toISOString(),
  output: run.output,
});

function cancel(engine: Engine, runId: string): ApiResponse {
  const outcome = engine.cancelRun(runId);
  return outcome.kind === "done" ? json(200, { data: null }) : json(404, { error: outcome.reason });
}

const page = (engine: Engine): ApiResponse => ({
  status: 200,
  headers: {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "cache-control": "no-store",
  },
  body: renderPage(engine.history(), engine.functionIds(), engine.pausedFunctionIds()),
});

function json(status: number, body: unknown): ApiResponse {
  return {
    status,
    headers: {
      "content-type": "application/json",
      "x-inngest-server-kind": "dev",
      "cache-control": "no-store",
    },
    body: JSON.stringify(body),
  };
}
