/**
 * Owns the JavaScript of one operation that can fail: which line it says it stands on, and what its operands are called in
 * the script, for Lua's errors. Pure.
 */
import type { Expression } from "luaparse";
import type { FunctionScope } from "./compile-scope";

export const startOf = (node: Pick<Expression, "loc">): number => node.loc?.start.line ?? 0;
export const endOf = (node: Pick<Expression, "loc">): number => node.loc?.end.line ?? 0;

/**
 * A call of the runtime that can raise an error. In a statement of several lines it says first which one it stands on, after
 * its operands have been computed.
 */
export function fallible(
  operation: string,
  operands: readonly string[],
  line: number,
  scope: FunctionScope,
): string {
  return `${operation}(${(scope.isOnSeveralLines ? withLine(operands, line) : operands).join(", ")})`;
}

function withLine(operands: readonly string[], line: number): string[] {
  const last = operands.at(-1) ?? "";
  const isList = last.startsWith("...");
  const marked = isList ? `...at(${last.slice(3)}, $line = ${line})` : `at(${last}, $line = ${line})`;
  return [...operands.slice(0, -1), marked];
}

/** What Lua calls the operands in an error, as the texts to hand on; none when it knows no name of any. */
export function described(operands: readonly Expression[], scope: FunctionScope): string[] {
  const names = operands.map((operand) => nameOf(operand, scope));
  while (names.length > 0 && names.at(-1) === undefined) names.pop();
  return names.map((name) => (name === undefined ? "undefined" : JSON.stringify(name)));
}

function nameOf(expression: Expression, scope: FunctionScope): string | undefined {
  switch (expression.type) {
    case "Identifier": {
      const found = scope.find(expression.name);
      if (found === undefined) return `global '${expression.name}'`;
      return `${found.owner === scope ? "local" : "upvalue"} '${expression.name}'`;
    }
    case "MemberExpression":
      return `${expression.indexer === ":" ? "method" : "field"} '${expression.identifier.name}'`;
    case "IndexExpression":
      return `field '${expression.index.type === "StringLiteral" ? expression.index.value : "?"}'`;
    case "LogicalExpression":
      return isDecidedByRight(expression) ? nameOf(expression.right, scope) : undefined;
    default:
      return undefined;
  }
}

/** Lua's compiler drops a constant on the left that decides nothing. */
function isDecidedByRight({ left, operator }: Extract<Expression, { type: "LogicalExpression" }>): boolean {
  const isFalse = left.type === "NilLiteral" || (left.type === "BooleanLiteral" && !left.value);
  const isTrue =
    ["NumericLiteral", "StringLiteral"].includes(left.type) || (left.type === "BooleanLiteral" && left.value);
  return operator === "and" ? isTrue : isFalse;
}
