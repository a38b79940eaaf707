/**
 * Owns the shapes that the SDK (inngest 4.24.0, observed 2026-11-22, inngest.md §3) sends and understands: the
 * in-band sync answer, operations, errors, and the body of a call. It must never hold behaviour. Fails closed: an
 * operation that it does not know parses as `unknown` and fails its run with a sentence.
 */
import { z } from "zod";

export const HEADER = {
  sdk: "x-inngest-sdk",
  noRetry: "x-inngest-no-retry",
  requestVersion: "x-inngest-req-version",
  syncKind: "x-inngest-sync-kind",
  serverKind: "x-inngest-server-kind",
  runId: "x-run-id",
  retryAfter: "retry-after",
  eventIdSeed: "x-inngest-event-id-seed",
  requestId: "x-request-id",
  jobId: "x-inngest-job-id",
  generation: "x-inngest-generation-id",
  signature: "x-inngest-signature",
} as const;

/** The pseudo step id of a call that asks the function to discover what comes next. */
export const DISCOVERY = "step";

/** An event as functions receive it. */
export interface WireEvent {
  readonly id: string;
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly ts: number;
  readonly user?: unknown;
  readonly v?: unknown;
  readonly meta?: unknown;
}

export const errorSchema = z
  .looseObject({
    name: z.string().catch("Error"),
    message: z.string().optional(),
    error: z.unknown().optional(),
    stack: z.string().optional(),
  })
  .transform(({ name, message, error, stack }) => ({
    name,
    message: message ?? (typeof error === "string" ? error : "Unknown error"),
    stack: stack ?? "",
  }));

export type FunctionError = z.output<typeof errorSchema>;

/** What `steps[id]` holds: data is always wrapped, or a value `{ error }` would be read as a failure (§3.5). */
export type StepMemo = { readonly data: unknown } | { readonly error: FunctionError } | null;

const named = { id: z.string().min(1), displayName: z.string().optional(), name: z.string().optional() };
const racing = z
  .object({ parallelMode: z.string().optional(), type: z.string().optional(), input: z.unknown().optional() })
  .optional();

const opSchema = z.discriminatedUnion("op", [
  z.object({ ...named, op: z.literal("StepRun"), data: z.unknown(), opts: racing }),
  z.object({ ...named, op: z.literal("StepPlanned"), opts: racing }),
  z.object({ ...named, op: z.literal("StepError"), error: errorSchema, opts: racing }),
  z.object({ ...named, op: z.literal("StepFailed"), error: errorSchema, opts: racing }),
  z.object({ ...named, op: z.literal("Sleep"), name: z.string(), opts: racing }),
  z.object({
    ...named,
    op: z.literal("WaitForEvent"),
    name: z.string(),
    opts: z.object({ timeout: z.string(), if: z.string().optional(), parallelMode: z.string().optional() }),
  }),
  z.object({
    ...named,
    op: z.literal("InvokeFunction"),
    opts: z.object({
      function_id: z.string(),
      payload: z.looseObject({ data: z.record(z.string(), z.unknown()).optional() }).optional(),
      timeout: z.string().optional(),
      parallelMode: z.string().optional(),
    }),
  }),
  z.object({ id: z.string(), op: z.literal("RunComplete"), data: z.unknown() }),
]);

export type Operation = z.output<typeof opSchema>;
export type UnknownOperation = { readonly op: "unknown"; readonly sentence: string };

const opNameSchema = z.looseObject({ op: z.string() });

/** One operation, or why it cannot be carried out. */
export function parseOperation(value: unknown): Operation | UnknownOperation {
  const parsed = opSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const name = opNameSchema.safeParse(value);
  const op = name.success ? name.data.op : "without a name";
  const sentence = KNOWN_OPS.has(op)
    ? `The SDK sent a ${op} operation in a shape that the embedded Inngest engine does not know: ${z.prettifyError(parsed.error)}`
    : `The embedded Inngest engine does not support the operation ${op}; run the real Dev Server for it`;
  return { op: "unknown", sentence };
}

const KNOWN_OPS: ReadonlySet<string> = new Set(opSchema.options.map((option) => option.shape.op.value));

export interface CallBody {
  readonly version: number;
  readonly use_api: false;
  readonly event: WireEvent;
  readonly events: readonly WireEvent[];
  readonly steps: Readonly<Record<string, StepMemo>>;
  readonly ctx: {
    readonly run_id: string;
    /** With `fn_id` and `qi_id` the SDK checkpoints its steps by calling back, if the app wants that (§3.3). */
    readonly fn_id?: string;
    readonly qi_id?: string;
    readonly attempt: number;
    readonly max_attempts: number;
    readonly disable_immediate_execution: boolean;
    readonly use_api: false;
    readonly stack: { readonly stack: readonly string[]; readonly current: number };
  };
}
