/**
 * Owns the evaluation of Inngest's expressions, by @marcbachmann/cel-js in the dialect of inngest.md §5.2 (observed on
 * a Dev Server 2026-11-22): a missing field is null and orders below every number, and two missing fields are not
 * equal, so that a `cancelOn` never matches on nothing. It must never let an expression that fails count as true:
 * the caller gets `failed` and treats it as "no match". (The real server redelivers the event for ever instead.)
 */
import { dialect } from "./expression-dialect";
import { rewriteFieldPaths } from "./expression-rewrite";

export interface Scope {
  readonly event: unknown;
  /** The later event, for `cancelOn` and `waitForEvent`. */
  readonly async?: unknown;
  /** What `now()` gives, in milliseconds since the epoch: the engine's time, not the machine's. */
  readonly now: number;
}

export type Evaluation =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "failed"; readonly reason: string };

export interface Expression {
  readonly source: string;
  readonly evaluate: (scope: Scope) => Evaluation;
}

/** An expression ready to be evaluated. @throws ParseError of the CEL library, with the position, if it is not CEL. */
export function compileExpression(source: string): Expression {
  let evaluatedAt = 0;
  const environment = dialect(() => evaluatedAt);
  const run = environment.parse(rewriteFieldPaths(environment.parse(source).ast, source));
  return {
    source,
    evaluate: ({ event, async = null, now }) => {
      evaluatedAt = now;
      try {
        const value: unknown = run({ event, async });
        return { kind: "value", value };
      } catch (error) {
        return { kind: "failed", reason: error instanceof Error ? firstLine(error.message) : String(error) };
      }
    },
  };
}

/**
 * Whether a condition holds. One that fails, or ends in something that is not boolean, does not: `onUnclear` is told
 * why, for the log.
 */
export function holds(expression: Expression, scope: Scope, onUnclear: (reason: string) => void): boolean {
  const evaluation = expression.evaluate(scope);
  if (evaluation.kind === "value" && typeof evaluation.value === "boolean") return evaluation.value;
  onUnclear(evaluation.kind === "failed" ? evaluation.reason : "it is not boolean");
  return false;
}

/** The key as text, or null when it failed or is false or null, which switches the feature off for this event (§2.3). */
export function evaluateKey(expression: Expression, scope: Scope): string | null {
  const evaluation = expression.evaluate(scope);
  if (evaluation.kind === "failed") return null;
  const { value } = evaluation;
  if (value === false || value === null || value === undefined) return null;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const firstLine = (text: string): string => text.split("\n")[0] ?? text;
