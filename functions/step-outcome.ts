/**
 * Owns what a step answers: errors that a retry cannot help, and those that outlived their retries, become data, so a
 * function reads like its story and always ends in a state with a reason. It must never swallow: each error is logged
 * by code. A claim that was taken over ends the run quietly (`superseded`). What comes back is parsed, since it may have
 * been stored by an older deploy. Fails closed: unknown errors are thrown.
 */
import { z } from "zod";
import { LeaseLostError, RekindleError } from "@/lib/errors";
import type { Log } from "@/lib/log";
import { type Reason, reasonOfError, reasonSchema } from "@/lib/preview/reasons";

export type StepOutcome<T> =
  | { readonly kind: "ok"; readonly value: T }
  /** Another worker has taken over; this run must end without touching anything. */
  | { readonly kind: "superseded" }
  | { readonly kind: "failed"; readonly reason: Reason };

/** Runs one durable step; its result is plain JSON of the given schema, and never holds contents or secrets. */
export type Act = <S extends z.ZodType>(
  id: string,
  result: S,
  work: () => Promise<z.input<S>>,
) => Promise<StepOutcome<z.output<S>>>;

/** What a function's context says of itself; Inngest counts attempts for each step anew. */
interface StepContext {
  readonly step: { run(id: string, work: () => Promise<unknown>): Promise<unknown> };
  readonly attempt: number;
  readonly maxAttempts?: number | undefined;
}

/** Once for all: making a schema takes longer than a hundred uses of it. */
const outcomeSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ok"), value: z.unknown() }),
  z.object({ kind: z.literal("superseded") }),
  z.object({ kind: z.literal("failed"), reason: reasonSchema }),
]);

/** A step runner: retriable errors are thrown, so that Inngest repeats the step, until the last attempt. */
export function stepsOf(context: StepContext, log: Log): Act {
  return async (id, result, work) => {
    const answer = await context.step.run(id, () => outcomeOf(context, log, work));
    const outcome = outcomeSchema.parse(answer);
    return outcome.kind === "ok" ? { kind: "ok", value: result.parse(outcome.value) } : outcome;
  };
}

async function outcomeOf<T>(
  { attempt, maxAttempts }: StepContext,
  log: Log,
  work: () => Promise<T>,
): Promise<StepOutcome<T>> {
  try {
    return { kind: "ok", value: await work() };
  } catch (error) {
    if (error instanceof LeaseLostError) return { kind: "superseded" };
    if (!(error instanceof RekindleError)) throw error;
    log.warn({ code: error.code, attempt, ...error.safeDetails }, "a step failed");
    const isLast = maxAttempts !== undefined && attempt + 1 >= maxAttempts;
    if (error.retriable && !isLast) throw error;
    return { kind: "failed", reason: reasonOfError(error) };
  }
}
