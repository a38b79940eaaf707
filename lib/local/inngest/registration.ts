/**
 * Owns which functions are accepted: the SDK's in-band answer turned into `RegisteredFunction`s. All or nothing, as on
 * the real server (inngest.md §2.8): one function that breaks a rule, or uses an option that this engine lacks, and
 * none is registered. It must never ignore an option in silence. Fails closed with every problem at once.
 */
import { z } from "zod";
import type { CronSchedule } from "@/lib/local/inngest/flow/cron";
import type { RateLimitRule } from "@/lib/local/inngest/flow/rate-limit";
import type { ThrottleRule } from "@/lib/local/inngest/flow/throttle";
import type { Expression } from "./expressions";
import { type FunctionConfig, functionSchema } from "./function-config";

export interface RegisteredFunction {
  /** "<app>-<function>". */
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly maxAttempts: number;
  readonly triggers: readonly EventTrigger[];
  readonly crons: readonly CronSchedule[];
  readonly debounce: {
    readonly key: Expression | null;
    readonly periodMs: number;
    readonly timeoutMs: number | null;
  } | null;
  readonly singleton: { readonly key: Expression | null; readonly mode: "skip" | "cancel" } | null;
  readonly throttle: ThrottleOption | null;
  readonly rateLimit: RateLimitOption | null;
  readonly priority: Expression | null;
  readonly idempotency: Expression | null;
  readonly cancelOn: readonly CancelOption[];
  readonly concurrency: readonly ConcurrencyOption[];
  readonly timeouts: { readonly startMs: number | null; readonly finishMs: number | null };
}

export interface EventTrigger {
  readonly event: string;
  readonly expression: Expression | null;
}

export interface CancelOption extends EventTrigger {
  readonly timeoutMs: number | null;
}

export interface ConcurrencyOption {
  readonly limit: number;
  readonly key: Expression | null;
  readonly scope: "fn" | "env" | "account";
}

export interface ThrottleOption extends ThrottleRule {
  readonly key: Expression | null;
}

export interface RateLimitOption extends RateLimitRule {
  readonly key: Expression | null;
}

export type Registration =
  | { readonly kind: "accepted"; readonly appId: string; readonly functions: readonly RegisteredFunction[] }
  | { readonly kind: "refused"; readonly message: string; readonly problems: readonly string[] };

/** The real server's words for a set that it refuses whole (§2.8). */
const ONE_IS_INVALID = "At least one function is invalid";

/** The server's default when `retries` is not set (§1.4: observed `max_attempts: 5`). */
const DEFAULT_RETRIES = 4;

/** What an in-band sync answered, judged. */
export function readRegistration(answer: unknown): Registration {
  const envelope = z.looseObject({ app_id: z.string(), functions: z.array(z.unknown()) }).safeParse(answer);
  if (!envelope.success)
    return refused([`The app's answer is not an in-band sync: ${z.prettifyError(envelope.error)}`]);
  const read = envelope.data.functions.map(readFunction);
  const problems = read.flatMap((one) => one.problems);
  const functions = read.flatMap((one) => (one.fn ? [one.fn] : []));
  for (const { id } of functions)
    if (functions.filter((other) => other.id === id).length > 1) problems.push(`${id}: the id is used twice`);
  return problems.length > 0
    ? refused([...new Set(problems)])
    : { kind: "accepted", appId: envelope.data.app_id, functions };
}

const refused = (problems: readonly string[]): Registration => ({
  kind: "refused",
  message: ONE_IS_INVALID,
  problems,
});

function readFunction(config: unknown): { fn: RegisteredFunction | null; problems: string[] } {
  const parsed = functionSchema.safeParse(config);
  if (!parsed.success) {
    const id = z.looseObject({ id: z.string() }).safeParse(config);
    const label = id.success ? id.data.id : "a function without id";
    return { fn: null, problems: z.prettifyError(parsed.error).split("✖").flatMap(labelled(label)) };
  }
  const fn = toFunction(parsed.data);
  return { fn, problems: exclusions(fn) };
}

const labelled = (label: string) => (problem: string) => {
  const text = problem.trim().replace(/\s*\n\s*→\s*/, " ");
  return text === "" ? [] : [`${label}: ${text}`];
};

/** What the real server does with both is not known to us, so a plan that needs it must not look tested. */
function exclusions({ id, idempotency, debounce, rateLimit }: RegisteredFunction): string[] {
  if (!idempotency) return [];
  const others = [debounce ? "debounce" : null, rateLimit ? "rateLimit" : null].filter(
    (name) => name !== null,
  );
  return others.map(
    (other) => `${id}: ${other} together with idempotency is not supported by the embedded Inngest engine`,
  );
}

function toFunction(config: FunctionConfig): RegisteredFunction {
  return {
    id: config.id,
    name: config.name ?? config.id,
    url: config.steps.step.runtime.url,
    maxAttempts: (config.steps.step.retries?.attempts ?? DEFAULT_RETRIES) + 1,
    triggers: config.triggers.flatMap(({ event, expression }) =>
      event === undefined ? [] : [{ event, expression: expression ?? null }],
    ),
    crons: config.triggers.flatMap(({ cron, jitter }) => (cron ? [{ ...cron, jitterMs: jitter ?? 0 }] : [])),
    ...windowsOf(config),
    ...ratesOf(config),
    idempotency: config.idempotency ?? null,
    priority: config.priority?.run ?? null,
    cancelOn: (config.cancel ?? []).map((option) => ({
      event: option.event,
      expression: option.if ?? null,
      timeoutMs: option.timeout ?? null,
    })),
    concurrency: limitsOf(config),
    timeouts: { startMs: config.timeouts?.start ?? null, finishMs: config.timeouts?.finish ?? null },
  };
}

function windowsOf({
  debounce,
  singleton,
}: FunctionConfig): Pick<RegisteredFunction, "debounce" | "singleton"> {
  return {
    debounce: debounce
      ? { key: debounce.key ?? null, periodMs: debounce.period, timeoutMs: debounce.timeout ?? null }
      : null,
    singleton: singleton ? { key: singleton.key ?? null, mode: singleton.mode } : null,
  };
}

function ratesOf({
  throttle,
  rateLimit,
}: FunctionConfig): Pick<RegisteredFunction, "throttle" | "rateLimit"> {
  return {
    throttle: throttle
      ? {
          limit: throttle.limit,
          periodMs: throttle.period,
          burst: throttle.burst || 1,
          key: throttle.key ?? null,
        }
      : null,
    rateLimit: rateLimit
      ? { limit: rateLimit.limit, periodMs: rateLimit.period, key: rateLimit.key ?? null }
      : null,
  };
}

/** A limit of zero means "no limit of its own", as on the real server. */
function limitsOf(config: FunctionConfig): readonly ConcurrencyOption[] {
  return (config.concurrency ?? [])
    .filter((option) => option.limit > 0)
    .map((option) => ({ limit: option.limit, key: option.key ?? null, scope: option.scope ?? "fn" }));
}
