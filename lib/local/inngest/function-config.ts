/**
 * Owns the form of one function's configuration as SDK 4.24.0 sends it in a sync (inngest.md §3.2), and the real
 * server's limits on its values (§1.4, §2.9). Strict: an option that is not known here is refused by name, never
 * dropped. Spans, expressions and crons leave it parsed.
 */
import { z } from "zod";
import { checkCron } from "@/lib/local/inngest/flow/cron";
import { parseSpan } from "./duration";
import { compileExpression } from "./expressions";

const span = z.string().transform((text, context) => {
  try {
    return parseSpan(text);
  } catch {
    // The cause says no more than this sentence, which zod puts beside the field's name.
    context.addIssue(`"${text}" is not a span of time such as "15m"`);
    return z.NEVER;
  }
});

const expression = z.string().transform((source, context) => {
  try {
    return compileExpression(source);
  } catch (error) {
    context.addIssue(
      `"${source}" is not an expression: ${error instanceof Error ? error.message.split("\n")[0] : error}`,
    );
    return z.NEVER;
  }
});

const cron = z.string().transform((pattern, context) => {
  const checked = checkCron(pattern);
  if (checked.kind === "valid") return checked.schedule;
  context.addIssue(checked.reason);
  return z.NEVER;
});

/** One object rather than a union: zod's union would hide which half was meant and why it failed. */
const trigger = z
  .strictObject({
    event: z.string().min(1).optional(),
    expression: expression.optional(),
    cron: cron.optional(),
    jitter: span.optional(),
  })
  .refine(
    ({ event, cron: schedule }) => (event === undefined) !== (schedule === undefined),
    "a trigger is either an event or a cron",
  );

/** Present is refused; the real server would act on it, and acting as if it were not there would mislead. */
const absent = (option: string) =>
  z
    .unknown()
    .refine(
      (value) => value === undefined,
      `${option} is not supported by the embedded Inngest engine; run the real Dev Server for it`,
    )
    .optional();

const concurrencyOption = z.strictObject({
  limit: z.number().int().nonnegative(),
  key: expression.optional(),
  scope: z.enum(["fn", "env", "account"]).optional(),
});

/** The SDK sends a number, one limit or several; a union in the schema would hide what is wrong with one of them. */
function asList(concurrency: unknown): unknown {
  if (typeof concurrency === "number") return [{ limit: concurrency }];
  return Array.isArray(concurrency) ? concurrency : [concurrency];
}

const DAY_MS = 86_400_000;

export const functionSchema = z.strictObject({
  id: z.string().min(1),
  name: z.string().optional(),
  triggers: z.array(trigger).max(10, "a function has at most 10 triggers"),
  steps: z.strictObject({
    step: z.strictObject({
      id: z.literal("step"),
      name: z.string(),
      runtime: z.strictObject({
        type: z.literal("http", { error: "only http apps are supported, not connect" }),
        url: z.url(),
      }),
      retries: z.strictObject({ attempts: z.number().int().min(0).max(20).optional() }).optional(),
    }),
  }),
  idempotency: expression.optional(),
  debounce: z
    .strictObject({
      key: expression.optional(),
      period: span.refine((ms) => ms >= 1000 && ms <= 7 * DAY_MS, "the period lies between 1 s and 7 d"),
      timeout: span.optional(),
    })
    .optional(),
  singleton: z.strictObject({ key: expression.optional(), mode: z.enum(["skip", "cancel"]) }).optional(),
  throttle: z
    .strictObject({
      limit: z.number().int().positive(),
      period: span.refine((ms) => ms >= 1000 && ms <= 7 * DAY_MS, "the period lies between 1 s and 7 d"),
      burst: z.number().int().nonnegative().optional(),
      key: expression.optional(),
    })
    .optional(),
  cancel: z
    .array(z.strictObject({ event: z.string().min(1), if: expression.optional(), timeout: span.optional() }))
    .max(5, "a function has at most 5 cancelOn")
    .optional(),
  timeouts: z.strictObject({ start: span.optional(), finish: span.optional() }).optional(),
  concurrency: z
    .preprocess(asList, z.array(concurrencyOption).max(2, "a function has at most 2 concurrency limits"))
    .optional(),
  rateLimit: z
    .strictObject({
      limit: z.number().int().positive(),
      period: span.refine((ms) => ms >= 1000, "the period is at least 1 s"),
      key: expression.optional(),
    })
    .optional(),
  priority: z.strictObject({ run: expression.optional() }).optional(),
  batchEvents: absent("batchEvents"),
});

export type FunctionConfig = z.output<typeof functionSchema>;
