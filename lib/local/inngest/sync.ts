/**
 * Owns the in-band sync with one app (inngest.md §3.2): asks it for its functions, judges them, and says whether they
 * are new. It must never ask for the out-of-band sync, which calls back. Fails open: an app that is not there yet is
 * `unreachable` and is asked again; what was registered before stays.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { SyncOutcome } from "./engine-port";
import { parseJsonOrNull } from "./parse-json";
import { HEADER } from "./protocol";
import { type RegisteredFunction, readRegistration } from "./registration";
import { UnsignedAnswerError } from "./signed-transport";
import type { Transport, TransportResponse } from "./transport";

/** Puts the functions in place; the problems if they cannot be. */
export type Apply = (functions: readonly RegisteredFunction[]) => readonly string[];

export interface AppSync {
  /** Asks the app now; `apply` gets the functions only if they differ from the last time. */
  run(signal: AbortSignal, apply: Apply): Promise<SyncOutcome>;
}

/** Which of Inngest's servers this one speaks as; in cloud mode the transport signs. */
export type ServerKind = "dev" | "cloud";

export function createAppSync(url: string, transport: Transport, serverKind: ServerKind): AppSync {
  let lastDigest = "";
  let lastOutcome: SyncOutcome | null = null;
  return {
    async run(signal, apply) {
      const answer = await ask(url, transport, serverKind, signal);
      if (answer.kind !== "answered") return answer;
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
  if (problems.length > 0) return { kind: "refused", message: "An id is taken", problems };
  const functionIds = registration.functions.map(({ id }) => id);
  return { kind: "registered", appId: registration.appId, functionIds };
}

type Asked =
  | { readonly kind: "answered"; readonly body: Readonly<Record<string, unknown>> }
  | Extract<SyncOutcome, { kind: "unreachable" | "refused" }>;

async function ask(
  url: string,
  transport: Transport,
  serverKind: ServerKind,
  signal: AbortSignal,
): Promise<Asked> {
  try {
    const response = await transport({
      url,
      method: "PUT",
      headers: {
        "content-type": "application/json",
        [HEADER.syncKind]: "in_band",
        [HEADER.serverKind]: serverKind,
      },
      body: JSON.stringify({ url }),
      signal,
    });
    return readAnswer(response, serverKind);
  } catch (error) {
    if (error instanceof UnsignedAnswerError) return untrusted(error.message);
    return { kind: "unreachable", reason: error instanceof Error ? error.message : String(error) };
  }
}

const UNAUTHORIZED: Readonly<Record<ServerKind, string>> = {
  dev: "the app takes only signed calls (cloud mode) and this engine has no signing key; set INNGEST_DEV for the app",
  cloud:
    "the app refused this engine's signature: the two have different signing keys, or clocks 5 min apart",
};

const untrusted = (problem: string): Asked => ({
  kind: "refused",
  message: "App and engine do not trust each other",
  problems: [problem],
});

const answerSchema = z.looseObject({ app_id: z.string(), functions: z.array(z.unknown()) });

function readAnswer(response: TransportResponse, serverKind: ServerKind): Asked {
  if (response.status === 401) return untrusted(UNAUTHORIZED[serverKind]);
  if (response.status === 200 && response.headers[HEADER.syncKind] === "in_band") {
    const parsed = answerSchema.safeParse(parseJsonOrNull(response.body));
    // Only what registration reads is compared: the rest of the answer may change without a meaning.
    if (parsed.success)
      return { kind: "answered", body: { app_id: parsed.data.app_id, functions: parsed.data.functions } };
  }
  const excerpt = response.body.slice(0, 200);
  return { kind: "unreachable", reason: `the app answered the sync with ${response.status}: ${excerpt}` };
}
