/**
 * Owns Inngest's dialect of CEL, on top of @marcbachmann/cel-js, where the two part (inngest.md §5.2, observed on a
 * Dev Server 2026-11-22): a missing field is null and orders below every number, and two missing fields are not
 * equal, so that a `cancelOn` never matches on nothing. It must never let an expression that fails count as true:
 * the caller gets `failed` and treats it as "no match". (The real server redelivers the event for ever instead.)
 */
import { type ASTNode, Environment } from "@marcbachmann/cel-js";

export interface Scope {
  readonly event: unknown;
  /** The later event, for `cancelOn` and `waitForEvent`. */
  readonly async?: unknown;
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
  const environment = dialect();
  const run = environment.parse(rewrite(environment.parse(source).ast, source));
  return {
    source,
    evaluate: ({ event, async = null }) => {
      try {
        const value: unknown = run({ event, async });
        return { kind: "value", value };
      } catch (error) {
        return { kind: "failed", reason: error instanceof Error ? firstLine(error.message) : String(error) };
      }
    },
  };
}

/** The key as text, or null when it failed or is false or null, which switches the feature off for this event (§2.3). */
export function evaluateKey(expression: Expression, scope: Scope): string | null {
  const evaluation = expression.evaluate(scope);
  if (evaluation.kind === "failed") return null;
  const { value } = evaluation;
  if (value === false || value === null || value === undefined) return null;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function dialect(): Environment {
  return new Environment({ unlistedVariablesAreDyn: true })
    .registerFunction("inngestField(dyn, string): dyn", (root: unknown, path: string) => field(root, path))
    .registerFunction(
      "inngestOrder(dyn, string): dyn",
      (root: unknown, path: string) => field(root, path) ?? Number.NEGATIVE_INFINITY,
    )
    .registerFunction("inngestAlike(dyn, dyn): bool", (left: unknown, right: unknown) => alike(left, right))
    .registerFunction("lowercase(string): string", (text: string) => text.toLowerCase())
    .registerFunction("uppercase(string): string", (text: string) => text.toUpperCase());
}

function field(root: unknown, path: string): unknown {
  let found: unknown = root;
  for (const key of parsePath(path)) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return null;
    found = Reflect.get(found, key);
  }
  return found ?? null;
}

function alike(left: unknown, right: unknown): boolean {
  if (left === null || right === null) return false;
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

const parsePath = (path: string): string[] => {
  const parsed: unknown = JSON.parse(path);
  return Array.isArray(parsed) ? parsed.map(String) : [];
};

interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The source with every field path read through `inngestField`. Rewriting text at the parser's own positions was
 * preferred to a Proxy around the event: a Proxy cannot tell which of two compared fields is missing.
 */
function rewrite(ast: ASTNode, source: string): string {
  const replacements: Replacement[] = [];
  collect(ast, "inngestField", replacements);
  let rewritten = source;
  for (const { start, end, text } of replacements.sort((a, b) => b.start - a.start))
    rewritten = rewritten.slice(0, start) + text + rewritten.slice(end);
  return rewritten;
}

const ORDERINGS: ReadonlySet<string> = new Set(["<", "<=", ">", ">="]);

function collect(node: ASTNode, reader: string, into: Replacement[]): void {
  const path = pathOf(node);
  if (path) {
    into.push({ start: node.start, end: node.end, text: read(reader, path) });
    return;
  }
  if (node.op === "call" && node.args[0] === "has") return;
  const comparison = comparedPaths(node);
  if (comparison) {
    into.push(comparison);
    return;
  }
  const inner = ORDERINGS.has(node.op) ? "inngestOrder" : "inngestField";
  for (const child of childrenOf(node.args)) collect(child, inner, into);
}

/** `a.b == c.d`, both fields; in parentheses the plain comparison stays, which differs only if both are missing. */
function comparedPaths(node: ASTNode): Replacement | null {
  if (node.op !== "==" && node.op !== "!=") return null;
  const [left, right] = node.args;
  const leftPath = pathOf(left);
  const rightPath = pathOf(right);
  if (!leftPath || !rightPath) return null;
  if (node.input.slice(left.end, right.start).trim() !== node.op) return null;
  const negation = node.op === "!=" ? "!" : "";
  const text = `${negation}inngestAlike(${read("inngestField", leftPath)}, ${read("inngestField", rightPath)})`;
  return { start: left.start, end: right.end, text };
}

interface FieldPath {
  readonly root: string;
  readonly keys: readonly string[];
}

function pathOf(node: ASTNode): FieldPath | null {
  if (node.op === "." || node.op === "[]") {
    const [target, member] = node.args;
    const key = typeof member === "string" ? member : literalKey(member);
    const parent = rootOf(target) ?? pathOf(target);
    return parent && key !== null ? { root: parent.root, keys: [...parent.keys, key] } : null;
  }
  return null;
}

const rootOf = (node: ASTNode): FieldPath | null =>
  node.op === "id" && (node.args === "event" || node.args === "async") ? { root: node.args, keys: [] } : null;

const literalKey = (node: ASTNode): string | null =>
  node.op === "value" && typeof node.args === "string" ? node.args : null;

const read = (reader: string, { root, keys }: FieldPath): string =>
  `${reader}(${root}, ${JSON.stringify(JSON.stringify(keys))})`;

function childrenOf(args: unknown): ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  return isNode(args) ? [args] : [];
}

const isNode = (value: unknown): value is ASTNode =>
  typeof value === "object" && value !== null && "op" in value && "args" in value;

const firstLine = (text: string): string => text.split("\n")[0] ?? text;
