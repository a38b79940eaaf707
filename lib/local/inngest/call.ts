/**
 * Owns one request to the app for one run: its body, its URL, and what the answer means (inngest.md §3.3, §3.4). It
 * must never send `fn_id` and `qi_id` unless checkpoints are taken, or the SDK would report its steps to nobody. Fails
 * open: whatever is not an SDK's answer, or no answer at all, is a failure that may be retried.
 */
import { parseJsonOrNull } from "./parse-json";
import {
  type CallBody,
  errorSchema,
  type FunctionError,
  HEADER,
  type Operation,
  parseOperation,
  type UnknownOperation,
  type WireEvent,
} from "./protocol";
import type { Call, RunState } from "./run";
import { unwrapStream } from "./streamed-answer";
import type { Transport, TransportResponse } from "./transport";

export type CallResult =
  | {
      readonly kind: "operations";
      readonly operations: readonly (Operation | UnknownOperation)[];
      readonly retryAfter: string | null;
    }
  | { readonly kind: "completed"; readonly output: unknown }
  | {
      readonly kind: "failed";
      readonly error: FunctionError;
      readonly isRetriable: boolean;
      readonly retryAfter: string | null;
    };

export interface Answer {
  readonly result: CallResult;
  /** The protocol version that the SDK chose, to be sent back from then on. */
  readonly version: number | null;
}

export interface CallInput {
  readonly url: string;
  readonly transport: Transport;
  readonly runId: string;
  readonly event: WireEvent;
  readonly state: RunState;
  readonly call: Call;
  readonly maxAttempts: number;
  readonly version: number;
  readonly queueItem: QueueItem;
  /** Null unless the engine takes checkpoints. */
  readonly checkpointFor: { readonly functionUuid: string } | null;
  readonly signal: AbortSignal;
}

/** What is repeated when a request fails: the same item, a higher generation (observed on the real server, §3.3). */
export interface QueueItem {
  readonly id: string;
  readonly generation: number;
}

/** The app's answer, or a retriable failure when there was none. Never rejects. */
export async function callApp(input: CallInput): Promise<Answer> {
  const url = new URL(input.url);
  url.searchParams.set("stepId", input.call.stepId);
  try {
    const response = await input.transport({
      url: url.href,
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": "Inngest",
        [HEADER.requestVersion]: String(input.version),
        [HEADER.runId]: input.runId,
        [HEADER.jobId]: input.queueItem.id,
        [HEADER.generation]: String(input.queueItem.generation),
        [HEADER.requestId]: `${input.queueItem.id}.${input.queueItem.generation}`,
      },
      body: JSON.stringify(bodyOf(input)),
      signal: input.signal,
    });
    return read(unwrapStream(response));
  } catch (error) {
    return { version: null, result: noAnswer(error instanceof Error ? describe(error) : String(error)) };
  }
}

function bodyOf(input: CallInput): CallBody {
  const { runId, event, state, call, maxAttempts, version, checkpointFor } = input;
  return {
    version,
    use_api: false,
    event,
    events: [event],
    steps: state.steps,
    ctx: {
      run_id: runId,
      ...(checkpointFor ? { fn_id: checkpointFor.functionUuid, qi_id: input.queueItem.id } : {}),
      attempt: call.attempt,
      max_attempts: maxAttempts,
      disable_immediate_execution: call.mustPlan,
      use_api: false,
      stack: { stack: state.stack, current: state.stack.length },
    },
  };
}

function read(response: TransportResponse): Answer {
  if (response.headers[HEADER.sdk] === undefined)
    return { version: null, result: noAnswer(`${response.status}, and not from an Inngest SDK`) };
  const parsedVersion = Number.parseInt(response.headers[HEADER.requestVersion] ?? "", 10);
  const version = Number.isNaN(parsedVersion) ? null : parsedVersion;
  return { version, result: resultOf(response) };
}

/** What a step may give back (§2.9); the server refuses more, so the engine must not let it pass. */
const LARGEST_ANSWER_BYTES = 4 * 1024 * 1024;

function resultOf(response: TransportResponse): CallResult {
  if (Buffer.byteLength(response.body) > LARGEST_ANSWER_BYTES) return tooLarge;
  const retryAfter = response.headers[HEADER.retryAfter] ?? null;
  const body = parseJsonOrNull(response.body);
  switch (response.status) {
    case 200:
      return { kind: "completed", output: body ?? null };
    case 206: {
      const operations = (Array.isArray(body) ? body : [body]).map(parseOperation);
      return { kind: "operations", operations, retryAfter };
    }
    default: {
      const error = errorSchema.catch({
        name: "Error",
        message: `The app answered ${response.status}`,
        stack: "",
      });
      const isRetriable = response.headers[HEADER.noRetry] !== "true";
      return { kind: "failed", error: error.parse(unpack(body)), isRetriable, retryAfter };
    }
  }
}

const tooLarge: CallResult = {
  kind: "failed",
  error: { name: "Error", message: "The app's answer is larger than 4 MB, the limit of Inngest", stack: "" },
  isRetriable: false,
  retryAfter: null,
};

const noAnswer = (why: string): CallResult => ({
  kind: "failed",
  error: { name: "Error", message: `The app did not answer: ${why}`, stack: "" },
  isRetriable: true,
  retryAfter: null,
});

/** Node's fetch says only "fetch failed"; the reason stands in the cause. */
const describe = (error: Error): string =>
  error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;

/** The SDK serialises an error as JSON text inside the JSON body for some failures. */
const unpack = (body: unknown): unknown => (typeof body === "string" ? parseJsonOrNull(body) : body);
