/**
 * Owns the one way to Redis: run a named Lua script atomically over Upstash's REST protocol. The only file that
 * imports "@upstash/redis", so that its unsafe defaults are switched off in one place.
 * It must never send a request twice by itself (the caller knows whether a script may run again), never turn a missing
 * answer into `null`, and never let command text, arguments or the token into an error.
 * Fails closed: no answer in time, or an answer that is not a reply, is a thrown error.
 */
import { createHash } from "node:crypto";
import { Redis as UpstashClient } from "@upstash/redis";
import { StoreRefusedError, StoreUnreachableError } from "@/lib/errors";

/** A script's answer: Lua strings, integers, `nil`/`false` as null, tables as arrays. Numbers-as-text stay text. */
export type ScriptReply = string | number | null | readonly ScriptReply[];

export interface Script {
  /** For errors and logs; never sent. */
  readonly name: string;
  readonly lua: string;
}

export interface Redis {
  /**
   * Answers the script's reply. The script runs atomically, on the primary (so what it reads is not a lagging
   * replica's), at most once per call: EVALSHA, and once EVAL when the server did not know the script and therefore
   * ran nothing.
   * @throws StoreUnreachableError when no answer came; the script may have run, so only an idempotent one may be retried.
   * @throws StoreRefusedError when Redis answered with an error; retrying the same call answers the same.
   */
  runScript(script: Script, keys: readonly string[], args: readonly string[]): Promise<ScriptReply>;
}

export interface UpstashOptions {
  readonly url: string;
  readonly token: string;
  /** How long one request may take; a script that needs its EVAL fallback may take twice this. */
  readonly deadlineMs: number;
}

/** A client without state but the SDK's; scripts are hashed once each. */
export function upstashRedis(options: UpstashOptions): Redis {
  const client = new UpstashClient({
    url: options.url,
    token: options.token,
    // `retry: false` still sends twice, and the default sends a write six times (observed with 1.39.0, 2026-11-22).
    retry: { retries: 0 },
    // A signal given as an object makes a timed-out read resolve to null; given as a function, it throws (same source).
    signal: () => AbortSignal.timeout(options.deadlineMs),
    automaticDeserialization: false,
    // Would join commands of unrelated callers in one request, with one failure and one deadline for all of them.
    // Pipelines, which this file sends, never join; off all the same, so that one call stays one request.
    enableAutoPipelining: false,
    enableTelemetry: false,
  });
  const shaOf = rememberShas();

  return {
    async runScript(script, keys, args) {
      const first = await runOne(script, () =>
        client
          .pipeline()
          .evalsha(shaOf(script), [...keys], [...args])
          .exec({ keepErrors: true }),
      );
      // NOSCRIPT means that nothing ran, so this is the one repetition that is always safe.
      const outcome =
        first.kind === "refused" && first.refusal.code === "NOSCRIPT"
          ? await runOne(script, () =>
              client
                .pipeline()
                .eval(script.lua, [...keys], [...args])
                .exec({ keepErrors: true }),
            )
          : first;
      if (outcome.kind === "refused") throw refusedError(script, outcome.refusal);
      return outcome.reply;
    },
  };
}

function rememberShas(): (script: Script) => string {
  const shas = new Map<string, string>();
  return ({ lua }) => {
    const known = shas.get(lua);
    if (known !== undefined) return known;
    const sha = createHash("sha1").update(lua).digest("hex");
    shas.set(lua, sha);
    return sha;
  };
}

/** What may be told of a Redis error: its code and the script's line, never its text, which can hold arguments. */
interface Refusal {
  readonly code: string;
  readonly line?: number;
}

type Outcome =
  | { readonly kind: "replied"; readonly reply: ScriptReply }
  | { readonly kind: "refused"; readonly refusal: Refusal };

interface PipelineEntry {
  readonly result?: unknown;
  readonly error?: string | undefined;
}

/**
 * Sends a pipeline of one command. Not the plain command: there the SDK throws script errors and HTTP errors as the
 * same class with the whole command in the text and without the status. In a pipeline the errors of the command come
 * back as data, and what is thrown is the transport's or the server's.
 */
async function runOne(script: Script, send: () => Promise<readonly PipelineEntry[]>): Promise<Outcome> {
  let entries: readonly PipelineEntry[];
  try {
    entries = await send();
  } catch (error) {
    const credentials = credentialRefusal(error);
    if (credentials !== undefined) throw refusedError(script, credentials);
    // The SDK's error is not kept as the cause: its text holds the command, or the token when that is malformed.
    throw new StoreUnreachableError(script.name, new Error(nameTransportFailure(error)));
  }
  const entry = entries[0];
  if (entry?.error !== undefined) return { kind: "refused", refusal: parseRefusal(entry.error) };
  if (!isScriptReply(entry?.result)) {
    throw new StoreUnreachableError(script.name, new Error("the answer was not a reply"));
  }
  return { kind: "replied", reply: entry.result };
}

function refusedError(script: Script, { code, line }: Refusal): StoreRefusedError {
  const where = line === undefined ? "" : ` at line ${line} of the script`;
  return new StoreRefusedError(script.name, new Error(`Redis answered ${code}${where}`));
}

/** The first word of a Redis error is its code by protocol; the rest is prose. */
function parseRefusal(text: string): Refusal {
  const code = /^[A-Z][A-Z0-9_]*(?=\s|$)/.exec(text)?.[0] ?? "ERR";
  const line = /user_script:(\d+)/.exec(text)?.[1];
  return line === undefined ? { code } : { code, line: Number(line) };
}

const CREDENTIAL_CODES = new Set(["WRONGPASS", "NOAUTH", "NOPERM"]);

/** SDK 1.39.0 drops the HTTP status, so a refused token is told from a failing server by Redis's error code. */
function credentialRefusal(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || error.name !== "UpstashError") return undefined;
  const refusal = parseRefusal(error.message);
  return CREDENTIAL_CODES.has(refusal.code) ? refusal : undefined;
}

/** A machine's word for what happened: `TimeoutError`, `ECONNREFUSED`, … never a message. */
function nameTransportFailure(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const { cause } = error;
  if (cause instanceof Error && "code" in cause && typeof cause.code === "string") return cause.code;
  return error.name;
}

function isScriptReply(value: unknown): value is ScriptReply {
  if (Array.isArray(value)) return value.every(isScriptReply);
  return value === null || typeof value === "string" || typeof value === "number";
}
