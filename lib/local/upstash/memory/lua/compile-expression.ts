/**
 * Owns the JavaScript of Lua's expressions. Three forms: one value, a list of values (where a call or `...` stands last),
 * and a condition. Everything is computed in Lua's order and once. Every operator is a function of `compiled-runtime.ts`;
 * of the script's own text only checked names, numbers and quoted strings are written.
 * Fails closed: syntax that Lua 5.1 does not have is a CompileError.
 */
import type { CallExpression, Expression, StringCallExpression, TableCallExpression } from "luaparse";
import { described, endOf, fallible, startOf } from "./compile-operation";
import { CompileError, type FunctionScope } from "./compile-scope";
import { tableCode } from "./compile-table";

export type Call = CallExpression | StringCallExpression | TableCallExpression;

/** The text of exactly one value. */
export function single(expression: Expression, scope: FunctionScope): string {
  switch (expression.type) {
    case "NilLiteral":
      return "undefined";
    case "BooleanLiteral":
      return String(expression.value);
    case "NumericLiteral":
      return numeral(expression.value);
    case "StringLiteral":
      return JSON.stringify(expression.value);
    case "VarargLiteral":
      return `${more(expression, scope)}[0]`;
    case "FunctionDeclaration":
      return scope.shared.functionCode(expression, scope, []);
    case "Identifier":
      return variable(expression, scope);
    case "MemberExpression":
    case "IndexExpression":
      return element(expression, scope);
    case "CallExpression":
    case "TableCallExpression":
    case "StringCallExpression":
      return `first(${call(expression, scope)})`;
    case "TableConstructorExpression":
      return tableCode(expression, scope, { single, list, isMany });
    case "LogicalExpression":
      return logical(expression, scope);
    case "UnaryExpression":
      return unary(expression, scope);
    case "BinaryExpression":
      return binary(expression, scope);
    default:
      throw new CompileError(0, "unexpected symbol");
  }
}

const numeral = (value: number): string => (Number.isFinite(value) ? String(value) : "(1/0)");

/** Arguments and the like; the last gives all its values. */
export function list(expressions: readonly Expression[], scope: FunctionScope): string[] {
  const last = expressions.at(-1);
  return expressions.map((expression) =>
    expression === last && isMany(expression, scope)
      ? `...${manyOf(expression, scope)}`
      : single(expression, scope),
  );
}

/** In parentheses a call is worth one value. */
export const isMany = (expression: Expression, { shared }: FunctionScope): boolean =>
  (expression.type === "VarargLiteral" || isCall(expression)) && !shared.grouped.has(expression);

export const isCall = (expression: Expression): expression is Call =>
  ["CallExpression", "TableCallExpression", "StringCallExpression"].includes(expression.type);

function manyOf(expression: Expression, scope: FunctionScope): string {
  return isCall(expression) ? `spread(${call(expression, scope)})` : more(expression, scope);
}

export function more(expression: Expression, scope: FunctionScope): string {
  if (scope.takesMore) return "$more";
  throw new CompileError(startOf(expression), "cannot use '...' outside a vararg function near '...'");
}

function variable(expression: Extract<Expression, { type: "Identifier" }>, scope: FunctionScope): string {
  const found = scope.find(expression.name);
  if (found !== undefined) return found.code;
  return fallible("global", ["$globals", JSON.stringify(expression.name)], endOf(expression), scope);
}

function element(
  expression: Extract<Expression, { type: "MemberExpression" | "IndexExpression" }>,
  scope: FunctionScope,
): string {
  const base = single(expression.base, scope);
  const name = described([expression.base], scope);
  if (expression.type === "IndexExpression") {
    return fallible("index", [base, single(expression.index, scope), ...name], endOf(expression), scope);
  }
  const key = JSON.stringify(expression.identifier.name);
  return fallible("field", [base, key, ...name], endOf(expression), scope);
}

/** Its result is one value or a list. */
export function call(expression: Call, scope: FunctionScope): string {
  const { base } = expression;
  const values = list(argumentsOf(expression), scope);
  const line = endOf(base);
  const [name] = described([base], scope);
  if (base.type === "MemberExpression" && base.indexer === ":") {
    const object = scope.newTemporary();
    const key = JSON.stringify(base.identifier.name);
    const found = fallible(
      "field",
      [`${object} = ${single(base.base, scope)}`, key, ...described([base.base], scope)],
      line,
      scope,
    );
    return invocation(found, name, [object, ...values], line, scope);
  }
  return invocation(single(base, scope), name, values, line, scope);
}

function invocation(
  called: string,
  name: string | undefined,
  values: readonly string[],
  line: number,
  scope: FunctionScope,
): string {
  const target = name === undefined ? `callable(${called})` : `callable(${called}, ${name})`;
  if (values.length > 0) return fallible(target, values, line, scope);
  return scope.isOnSeveralLines ? `at(${target}, $line = ${line})()` : `${target}()`;
}

function argumentsOf(expression: Call): readonly Expression[] {
  switch (expression.type) {
    case "CallExpression":
      return expression.arguments;
    case "TableCallExpression":
      return [expression.arguments];
    case "StringCallExpression":
      return [expression.argument];
  }
}

/** The left value is looked at before anything else is computed, so that one variable for it will do. */
function logical(
  expression: Extract<Expression, { type: "LogicalExpression" }>,
  scope: FunctionScope,
): string {
  const right = single(expression.right, scope);
  if (isCondition(expression.left)) {
    const left = condition(expression.left, scope);
    return expression.operator === "and" ? `(${left} ? ${right} : false)` : `(${left} ? true : ${right})`;
  }
  const left = `isTrue($t = ${single(expression.left, scope)})`;
  return expression.operator === "and" ? `(${left} ? ${right} : $t)` : `(${left} ? $t : ${right})`;
}

const comparisons = new Map([
  ["<", "isLess"],
  [">", "isMore"],
  ["<=", "isAtMost"],
  [">=", "isAtLeast"],
]);

/** Whether it is true or false and nothing else. */
const isCondition = (expression: Expression): boolean =>
  (expression.type === "BinaryExpression" &&
    (comparisons.has(expression.operator) || expression.operator === "==" || expression.operator === "~=")) ||
  (expression.type === "UnaryExpression" && expression.operator === "not");

/** As JavaScript's own true and false. */
export function condition(expression: Expression, scope: FunctionScope): string {
  switch (expression.type) {
    case "LogicalExpression": {
      const operator = expression.operator === "and" ? "&&" : "||";
      return `(${condition(expression.left, scope)} ${operator} ${condition(expression.right, scope)})`;
    }
    case "UnaryExpression":
      if (expression.operator === "not") return `!${condition(expression.argument, scope)}`;
      break;
    case "BinaryExpression":
      if (isCondition(expression)) return binary(expression, scope);
      break;
    default:
      break;
  }
  return `isTrue(${single(expression, scope)})`;
}

function unary(expression: Extract<Expression, { type: "UnaryExpression" }>, scope: FunctionScope): string {
  const { operator, argument } = expression;
  if (operator === "not") return condition(expression, scope);
  if (operator === "~") throw new CompileError(startOf(expression), "unexpected symbol near '~'");
  if (operator === "-" && argument.type === "NumericLiteral") return `(-${numeral(argument.value)})`;
  const operation = operator === "-" ? "negate" : "length";
  const operands = [single(argument, scope), ...described([argument], scope)];
  return fallible(operation, operands, endOf(argument), scope);
}

const arithmetic = new Map([
  ["+", "add"],
  ["-", "subtract"],
  ["*", "multiply"],
  ["/", "divide"],
  ["%", "remainder"],
  ["^", "power"],
  ["..", "concatenate"],
]);

function binary(expression: Extract<Expression, { type: "BinaryExpression" }>, scope: FunctionScope): string {
  const { operator } = expression;
  const [left, right] = [single(expression.left, scope), single(expression.right, scope)];
  if (operator === "==" || operator === "~=") {
    const isPlain = isLiteral(expression.left) || isLiteral(expression.right);
    if (isPlain) return `(${left} ${operator === "==" ? "===" : "!=="} ${right})`;
    return `${operator === "==" ? "" : "!"}${fallible("isEqual", [left, right], endOf(expression.right), scope)}`;
  }
  const comparison = comparisons.get(operator);
  if (comparison !== undefined) return fallible(comparison, [left, right], endOf(expression.right), scope);
  const operation = arithmetic.get(operator);
  if (operation === undefined) {
    throw new CompileError(startOf(expression.right), `unexpected symbol near '${operator}'`);
  }
  const names = described([expression.left, expression.right], scope);
  return fallible(operation, [left, right, ...names], endOf(expression.right), scope);
}

/** No table, so that no metatable is asked. */
const isLiteral = (expression: Expression): boolean =>
  ["NilLiteral", "BooleanLiteral", "NumericLiteral", "StringLiteral"].includes(expression.type);
