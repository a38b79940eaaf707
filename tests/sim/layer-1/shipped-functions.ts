/**
 * Owns what the first layer reads of the shipping functions: their code, and what starts, holds back and cancels them. It
 * must never know a function by name: all is read from what was given to `createFunction`. Fails closed: an option that it
 * does not know how to heed throws.
 */
import type { InngestFunction } from "inngest";
import { z } from "zod";
import type { RunEvent } from "./runs";

/** As Inngest calls it. */
export type Handler = (context: Record<string, unknown>) => Promise<unknown>;

export interface ShippedFunction {
  readonly id: string;
  /** Attempts of each step, the first included. */
  readonly attempts: number;
  readonly crons: readonly string[];
  isTriggeredBy(event: RunEvent): boolean;
  readonly cancelledBy: readonly string[];
  readonly debounceMs: number | undefined;
  readonly debounceAtMostMs: number | undefined;
  readonly isSingleton: boolean;
}

const eventNameSchema = z.union([
  z.string(),
  z.looseObject({ name: z.string() }).transform(({ name }) => name),
]);
const optsSchema = z.looseObject({
  id: z.string(),
  retries: z.number(),
  triggers: z.array(
    z.union([
      z.looseObject({ cron: z.string() }),
      z.looseObject({ event: eventNameSchema, if: z.string().optional() }),
    ]),
  ),
  cancelOn: z.array(z.looseObject({ event: eventNameSchema })).optional(),
  debounce: z.looseObject({ period: z.string(), timeout: z.string().optional() }).optional(),
  singleton: z.looseObject({ mode: z.literal("cancel") }).optional(),
});

/** Expressions that trigger by a function's id are the only ones there are. */
const idsIn = (expression: string): readonly string[] =>
  [...expression.matchAll(/event\.data\.function_id == '([^']+)'/g)].map(([, id]) => String(id));

export function shippedFunction(fn: InngestFunction.Any): ShippedFunction {
  const opts = optsSchema.parse(fn.opts);
  const triggers = opts.triggers.flatMap((trigger) =>
    "cron" in trigger && typeof trigger.cron === "string"
      ? []
      : [z.object({ event: z.string(), if: z.string().optional() }).parse(trigger)],
  );
  return {
    id: opts.id,
    attempts: opts.retries + 1,
    crons: opts.triggers.flatMap((trigger) => (typeof trigger.cron === "string" ? [trigger.cron] : [])),
    isTriggeredBy: ({ name, data }) =>
      triggers.some(
        (trigger) =>
          trigger.event === name &&
          (trigger.if === undefined || idsIn(trigger.if).includes(String(data.function_id))),
      ),
    cancelledBy: (opts.cancelOn ?? []).map(({ event }) => event),
    debounceMs: opts.debounce && secondsIn(opts.debounce.period),
    debounceAtMostMs: opts.debounce?.timeout === undefined ? undefined : secondsIn(opts.debounce.timeout),
    isSingleton: opts.singleton !== undefined,
  };
}

export function handlerOf(fn: InngestFunction.Any): Handler {
  // biome-ignore lint/complexity/useLiteralKeys: it is private, and this is the one way to it that the compiler checks
  return fn["fn"];
}

function secondsIn(text: string): number {
  const seconds = /^(\d+)s$/.exec(text)?.[1];
  if (seconds === undefined) throw new Error(`the simulator does not read the duration "${text}"`);
  return Number(seconds) * 1000;
}
