/**
 * Owns what only the SDK calls: checkpoints, and who may call in cloud mode (inngest.md §3.6, §3.7). It must never let a
 * caller without the signing key report a step, nor one without the event key send an event, once the engine has keys.
 * What it does not know it leaves to its caller, which answers 501.
 */
import type { CloudKeys, Engine } from "./engine";
import { parseJsonOrNull } from "./parse-json";
import { isAuthorized } from "./signature";

export interface SdkRequest {
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SdkAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** The answer, or null if this request is somebody else's to answer. */
export function answerSdk(engine: Engine, request: SdkRequest, path: readonly string[]): SdkAnswer | null {
  const [first, second = "", third = "", fourth] = path;
  if (request.method !== "POST") return null;
  if (first === "e" && path.length === 2) return refusedEventKey(engine.cloud, second);
  const isCheckpoint = first === "v1" && second === "checkpoint" && fourth === "async" && path.length === 4;
  return isCheckpoint ? checkpoint(engine, request, third) : null;
}

function checkpoint(engine: Engine, { headers, body }: SdkRequest, runId: string): SdkAnswer {
  if (engine.cloud && !isAuthorized(engine.cloud, headers.authorization))
    return { status: 401, body: { error: "the signing key is not this engine's", status: 401 } };
  const outcome = engine.receiveCheckpoint(runId, parseJsonOrNull(body));
  if (outcome.kind === "accepted") return { status: 200, body: {} };
  return { status: outcome.status, body: { error: outcome.error, status: outcome.status } };
}

function refusedEventKey(cloud: CloudKeys | null, key: string): SdkAnswer | null {
  if (cloud?.eventKey === undefined || cloud.eventKey === key) return null;
  return { status: 401, body: { ids: [""], status: 401, error: "Event key not found" } };
}
