/**
 * Owns what the engine answers over HTTP: who is let in, the Event API, and which part answers the rest (the real
 * server's REST paths, the pages). It must never send CORS headers. What it does not know answers 501 and is logged, so
 * that a missing feature never looks like success (inngest.md §3.7 lists what the SDK calls).
 */
import { createPages } from "@/lib/local/inngest/pages/routes";
import type { Log } from "@/lib/log";
import type { Engine } from "./engine";
import { EventRefusedError } from "./events";
import { refusalOf } from "./guard";
import { type ApiRequest, type ApiResponse, json, type Target, targetOf } from "./http-message";
import { HEADER } from "./protocol";
import { answerRest } from "./rest-api";
import { answerSdk } from "./sdk-api";

export type Api = (request: ApiRequest) => ApiResponse;

export function createApi(engine: Engine, log: Log): Api {
  const pages = createPages(engine);
  return (request) => {
    const target = targetOf(request.path);
    const refusal = refusalOf(request, pages.takesForm(request.method, target) ? "form" : "json");
    if (refusal) {
      log.warn(
        { method: request.method, path: request.path, why: refusal.sentence },
        "A request was refused",
      );
      return json(refusal.status, { error: refusal.sentence });
    }
    const answer = route(engine, request, target) ?? pages.answer(request, target);
    if (answer && answer.status !== 501) return answer;
    log.warn({ method: request.method, path: request.path }, "The embedded Inngest engine lacks a route");
    const sentence = `The embedded Inngest engine does not implement ${request.method} ${target.pathname}`;
    return answer ?? json(501, { error: sentence });
  };
}

function route(engine: Engine, request: ApiRequest, target: Target): ApiResponse | null {
  const sdk = answerSdk(engine, request, target.segments);
  if (sdk) return json(sdk.status, sdk.body);
  const [first = ""] = target.segments;
  switch (`${request.method} ${first}`) {
    case "POST e":
      return target.segments.length === 2 ? receive(engine, request) : null;
    case "GET health":
      return json(200, { status: 200, message: "OK" });
    default:
      return answerRest(engine, request, target);
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
