/**
 * Owns the in-band sync with one app (inngest.md §3.2): asks it for its functions, judges them, and says whether they
 * are new. It must never ask for the out-of-band sync, which calls back. Fails open: an app that is not there yet is
 * `unreachable` and is asked again; what was registered before stays.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { SyncOutcome } from "./engine-port";
import { HEADER } from "./protocol";
import { type RegisteredFunction, readRegistration } from "./registration";
import type { Transport, TransportResponse } from "./transport";

/** Puts the functions in place; the problems if they cannot be. */
export type Apply = (functions: readonly RegisteredFunction[]) => readonly string[];

export interface AppSync {
  /** Asks the app now; `apply` gets the functions only if they differ from the last time. */
  run(signal: AbortSignal, apply: Apply): Promise<SyncOutcome>;
}

export function createAppSync(url: string, transport: Transport): AppSync {
  let lastDigest = "";
  let lastOutcome: SyncOutcome | null = null;
  return {
    async run(signal, apply) {
      const answer = await ask(url, transport, signal);
      if (answer.kind === "unreachable") return answer;
      const digest = createHash("sha256").update(JSON.stringify(answer.body)).digest("hex");
      if (digest === lastDigest && lastOutcome) return unchanged(lastOutcome);
      lastOutcome = judge(answer.body, apply);
      lastDigest = digest;
      return lastOutcome;
    },
  };
}

const unchanged = (outcome: SyncOutcome): SyncOutcome =>
  outcome.kind === "registered" ? { ...outcome, kind: "unchanged" } : outcome;

function judge(body: unknown, apply: Apply): SyncOutcome {
  const registration = readRegistration(body);
  if (registration.kind === "refused") return registration;
  const problems = apply(registration.functions);
  if (problems.length > 0) return { kind: "refused", problems };
  const functionIds = registration.functions.map(({ id }) => id);
  return { kind: "registered", appId: registration.appId, functionIds };
}

type Asked =
  | { readonly kind: "answered"; readonly body: Readonly<Record<string, unknown>> }
  | Extract<SyncOutcome, { kind: "unreachable" }>;

async function ask(url: string, transport: Transport, signal: AbortSignal): Promise<Asked> {
  try {
    const response = await transport({
      url,
      method: "PUT",
      headers: {
        "content-type": "application/json",
        [HEADER.syncKind]: "in_band",
        [HEADER.serverKind]: "dev",
      },
      body: JSON.stringify({ url }),
      signal,
    });
    return readAnswer(response);
  } catch (error) {
    return { kind: "unreachable", reason: error instanceof Error ? error.message : String(error) };
  }
}

const answerSchema = z.looseObject({ app_id: z.string(), functions: z.array(z.unknown()) });

function readAnswer(response: TransportResponse): Asked {
  if (response.status === 200 && response.headers[HEADER.syncKind] === "in_band") {
    const parsed = answerSchema.safeParse(parseJson(response.body));
    // Only what registration reads is compared: the rest of the answer may change without a meaning.
    if (parsed.success)
      return { kind: "answered", body: { app_id: parsed.data.app_id, functions: parsed.data.functions } };
  }
  const excerpt = response.body.slice(0, 200);
  return { kind: "unreachable", reason: `the app answered the sync with ${response.status}: ${excerpt}` };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A page instead of JSON; the caller quotes it.
    return null;
  }
}
