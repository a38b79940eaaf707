/**
 * Owns the real server's REST paths, as far as a person or a script needs them to see and repeat what happened
 * (inngest.md §3.7, §8): events, their runs, a run, its jobs, cancel, rerun. Names of fields are the real server's
 * where inngest.md has them; what is ours beside them says so. It must never pass over a parameter in silence: an
 * unknown one answers 501. Null for a path that is not one of these.
 */
import type { Engine } from "./engine";
import type { HistoryEvent, HistoryRequest, HistoryRun, HistoryStep } from "./history";
import { type ApiRequest, type ApiResponse, json, type Target } from "./http-message";

export function answerRest(engine: Engine, request: ApiRequest, target: Target): ApiResponse | null {
  const [first, second, ...rest] = target.segments;
  if (first === "v1" && second === "events")
    return request.method === "GET" ? readEvents(engine, rest, target) : null;
  if (first === "v1" && second === "runs") return answerRuns(engine, request.method, rest, target);
  if (first === "api" && second === "v2") return answerV2(engine, request, rest);
  return null;
}

function readEvents(
  engine: Engine,
  [id = "", part, ...more]: readonly string[],
  { query }: Target,
): ApiResponse | null {
  if (more.length > 0) return null;
  const { events, runs } = engine.history();
  if (id === "") return listed(query, ["limit", "name"], eventsNamed(events, query.get("name")), eventView);
  if (part === undefined)
    return found(
      events.findLast((event) => isNamed(event, id)),
      eventView,
    );
  if (part !== "runs") return null;
  const eventIds = new Set([id, ...events.filter((event) => isNamed(event, id)).map((event) => event.id)]);
  return listed(query, ["limit"], runs.filter((run) => eventIds.has(run.eventId)).reverse(), runView);
}

const eventsNamed = (events: readonly HistoryEvent[], name: string | null) =>
  events.filter((event) => name === null || event.name === name).reverse();

/** An event is found by the id that its sender gave it, and by the engine's own. */
const isNamed = (event: HistoryEvent, id: string): boolean => event.id === id || event.internalId === id;

function answerRuns(
  engine: Engine,
  method: string,
  [id = "", part, ...more]: readonly string[],
  { query }: Target,
): ApiResponse | null {
  if (more.length > 0) return null;
  if (method === "DELETE" && id !== "" && part === undefined) return cancel(engine, id);
  if (method !== "GET") return null;
  const { runs } = engine.history();
  if (id === "") return listed(query, ["limit"], [...runs].reverse(), runView);
  const run = runs.find((one) => one.id === id);
  if (part === undefined) return found(run, detailedRunView);
  if (part === "jobs")
    return found(run, ({ steps, requests }) => steps.map((step) => jobView(step, requests)));
  return null;
}

function cancel(engine: Engine, runId: string): ApiResponse {
  const outcome = engine.cancelRun(runId);
  if (outcome.kind === "done") return json(200, { data: null });
  const isKnown = engine.history().runs.some((run) => run.id === runId);
  return json(isKnown ? 409 : 404, { error: outcome.reason });
}

/** The paths of the second version that change something (§3.7, §8); its envelope and error form. */
function answerV2(engine: Engine, request: ApiRequest, rest: readonly string[]): ApiResponse | null {
  const [collection, runId = "", action, ...more] = rest;
  if (request.method !== "POST" || collection !== "runs" || more.length > 0) return null;
  if (action === "cancel") {
    const { status } = cancel(engine, runId);
    return status === 200 ? v2(200, { data: { runId } }) : v2Refused(status, `run ${runId} is not under way`);
  }
  return action === "rerun" ? rerun(engine, runId, request.body) : null;
}

function rerun(engine: Engine, runId: string, body: string): ApiResponse {
  if (!["", "{}"].includes(body.trim()))
    return v2Refused(501, "The embedded Inngest engine reruns from the beginning only; send {}");
  const outcome = engine.rerun(runId);
  if (outcome.kind === "started") return v2(200, { data: { runId: outcome.runId } });
  const isKnown = engine.history().runs.some((run) => run.id === runId);
  return v2Refused(isKnown ? 422 : 404, outcome.reason);
}

const v2 = (status: number, body: Readonly<Record<string, unknown>>): ApiResponse =>
  json(status, { ...body, metadata: { fetchedAt: null, cachedUntil: null } });

const v2Refused = (status: number, message: string): ApiResponse =>
  json(status, { errors: [{ code: V2_CODES[status] ?? "invalid", message }] });

const V2_CODES: Readonly<Record<number, string>> = {
  404: "not_found",
  409: "conflict",
  422: "refused",
  501: "not_implemented",
};

const MOST_LISTED = 100;

/** Newest first. Without `limit` everything that the capped history holds. */
function listed<T>(
  query: URLSearchParams,
  known: readonly string[],
  entries: readonly T[],
  view: (entry: T) => unknown,
): ApiResponse {
  const unknown = [...query.keys()].filter((name) => !known.includes(name));
  if (unknown.length > 0)
    return json(501, {
      error: `The embedded Inngest engine does not know the parameter ${unknown.join(", ")}`,
    });
  const limit = query.get("limit");
  if (limit !== null && !(/^\d+$/.test(limit) && Number(limit) >= 1 && Number(limit) <= MOST_LISTED))
    return json(400, { error: `limit is a number from 1 to ${MOST_LISTED}` });
  const shown = limit === null ? entries : entries.slice(0, Number(limit));
  return json(200, { data: shown.map(view), metadata: { fetched_at: null, cached_until: null } });
}

const found = <T>(entry: T | undefined, view: (entry: T) => unknown): ApiResponse =>
  entry === undefined
    ? json(404, { error: "not found in the engine's history" })
    : json(200, { data: view(entry), metadata: { fetched_at: null, cached_until: null } });

const instant = (at: number): string => new Date(at).toISOString();
const instantOrNull = (at: number | null): string | null => (at === null ? null : instant(at));

/** `consequences` is ours: what the event started, and why it did not. */
const eventView = ({ id, internalId, name, data, ts, receivedAt, consequences }: HistoryEvent) => ({
  internal_id: internalId,
  id,
  name,
  data,
  ts,
  received_at: instant(receivedAt),
  consequences,
});

const ONLY_ENVIRONMENT = "00000000-0000-0000-0000-000000000000";

/** Besides the real server's statuses, a run here may say Queued or Skipped. */
const runView = (run: HistoryRun) => ({
  run_id: run.id,
  run_started_at: instant(run.startedAt ?? run.queuedAt),
  function_id: run.functionId,
  function_version: 1,
  environment_id: ONLY_ENVIRONMENT,
  event_id: run.eventId,
  status: run.status,
  ended_at: instantOrNull(run.endedAt),
  output: run.output,
});

/** `reason`, `steps` and `requests` are ours. */
const detailedRunView = (run: HistoryRun) => ({
  ...runView(run),
  reason: run.reason,
  steps: run.steps,
  requests: run.requests,
});

/** The path is the real server's; inngest.md has no trace of its fields, so these are ours. */
const jobView = (step: HistoryStep, requests: readonly HistoryRequest[]) => ({
  id: step.id,
  name: step.name,
  op: step.op,
  status: step.status,
  attempts: step.attempts,
  is_in_flight: requests.some(({ stepId, endedAt }) => stepId === step.id && endedAt === null),
  started_at: instant(step.startedAt),
  ended_at: instantOrNull(step.endedAt),
});
