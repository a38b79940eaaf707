/** Owns the JavaScript of a list of values for a fixed number of variables, as Lua shortens or fills it up. Pure. */
import type { Expression } from "luaparse";
import { call, isCall, isMany, more, single } from "./compile-expression";
import type { FunctionScope } from "./compile-scope";

/** `before` has to run first; each of `values` is one value. */
export function valuesCode(
  expressions: readonly Expression[],
  count: number,
  scope: FunctionScope,
): { before: string; values: string[] } {
  const last = expressions.at(-1);
  if (expressions.length === count && (count === 1 || last === undefined || !isMany(last, scope))) {
    return { before: "", values: expressions.map((each) => single(each, scope)) };
  }
  const lines: string[] = [];
  const values: string[] = [];
  for (const each of expressions) {
    const name = scope.newName();
    const isOpen = each === last && isMany(each, scope) && values.length < count;
    lines.push(`const ${name} = ${isOpen ? resultsOf(each, scope) : single(each, scope)}; `);
    if (!isOpen) values.push(name);
    else for (let at = 0; values.length < count; at += 1) values.push(`nth(${name}, ${at})`);
  }
  while (values.length < count) values.push("undefined");
  return { before: lines.join(""), values: values.slice(0, count) };
}

const resultsOf = (expression: Expression, scope: FunctionScope): string =>
  isCall(expression) ? call(expression, scope) : more(expression, scope);
