/**
 * Owns the rewriting of an expression before the CEL library sees it, where Inngest's dialect parts from CEL by what is
 * written rather than by types (inngest.md §5.2): every field path is read through a function that knows about missing
 * fields. It must never change an expression that has no field path. Pure; cannot fail on what the library has parsed.
 */
import type { ASTNode } from "@marcbachmann/cel-js";

/** How a field path is read: as it is, as an operand of an ordering, or as an operand of `&&` and `||`. */
type Reader = "inngestField" | "inngestOrder" | "inngestTruth";

interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The source with every field path read through `inngestField`. Rewriting text at the parser's own positions was
 * preferred to a Proxy around the event: a Proxy cannot tell which of two compared fields is missing.
 */
export function rewriteFieldPaths(ast: ASTNode, source: string): string {
  const replacements: Replacement[] = [];
  collect(ast, "inngestField", replacements);
  let rewritten = source;
  for (const { start, end, text } of replacements.sort((a, b) => b.start - a.start))
    rewritten = rewritten.slice(0, start) + text + rewritten.slice(end);
  return rewritten;
}

const ORDERINGS: ReadonlySet<string> = new Set(["<", "<=", ">", ">="]);

function collect(node: ASTNode, reader: Reader, into: Replacement[]): void {
  const path = pathOf(node);
  if (path) {
    into.push({ start: node.start, end: node.end, text: read(reader, path) });
    return;
  }
  const comparison = testedPath(node) ?? comparedPaths(node);
  if (comparison) {
    into.push(comparison);
    return;
  }
  for (const child of childrenOf(node.args)) collect(child, readerWithin(node.op), into);
}

function readerWithin(op: string): Reader {
  if (ORDERINGS.has(op)) return "inngestOrder";
  return op === "&&" || op === "||" ? "inngestTruth" : "inngestField";
}

/** `has(a.b.c)`: the library's own fails when `a.b` is missing already. */
function testedPath(node: ASTNode): Replacement | null {
  if (node.op !== "call" || node.args[0] !== "has") return null;
  const [, [tested]] = node.args;
  const path = tested ? pathOf(tested) : null;
  return path && { start: node.start, end: node.end, text: `(${read("inngestField", path)} != null)` };
}

/** `a.b == c.d`, both fields: the one comparison that is not equal when both sides are missing. */
function comparedPaths(node: ASTNode): Replacement | null {
  if (node.op !== "==" && node.op !== "!=") return null;
  const [left, right] = node.args;
  const leftPath = pathOf(left);
  const rightPath = pathOf(right);
  if (!leftPath || !rightPath) return null;
  // The parser's positions leave out parentheses around an operand: those between the two go with the replaced text,
  // so their other halves, which stay, need new ones.
  const between = /^([\s)]*)[=!]=([\s(]*)$/.exec(node.input.slice(left.end, right.start));
  if (!between) return null;
  const [, closing = "", opening = ""] = between;
  const negation = node.op === "!=" ? "!" : "";
  const alike = `${negation}inngestAlike(${read("inngestField", leftPath)}, ${read("inngestField", rightPath)})`;
  const text = `${opening.trim()}${alike}${closing.trim()}`;
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

const read = (reader: Reader, { root, keys }: FieldPath): string =>
  `${reader}(${root}, ${JSON.stringify(JSON.stringify(keys))})`;

function childrenOf(args: unknown): ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  return isNode(args) ? [args] : [];
}

const isNode = (value: unknown): value is ASTNode =>
  typeof value === "object" && value !== null && "op" in value && "args" in value;
