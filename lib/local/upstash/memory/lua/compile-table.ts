/** Owns the JavaScript of Lua's table constructors: the values in a list, the keys and theirs in another. Pure. */
import type { Expression, TableConstructorExpression } from "luaparse";
import { fallible, startOf } from "./compile-operation";
import type { FunctionScope } from "./compile-scope";

/** What writes expressions; handed in, as tables hold expressions and these hold tables. */
interface Expressions {
  single(expression: Expression, scope: FunctionScope): string;
  list(expressions: readonly Expression[], scope: FunctionScope): string[];
  isMany(expression: Expression, scope: FunctionScope): boolean;
}

export function tableCode(
  { fields, ...node }: TableConstructorExpression,
  scope: FunctionScope,
  expressions: Expressions,
): string {
  const values = fields.flatMap((each) => (each.type === "TableValue" ? [each.value] : []));
  if (values.length === fields.length) {
    return values.length === 0 ? "emptyTable()" : `tableOfList([${expressions.list(values, scope)}])`;
  }
  const last = fields.at(-1);
  // Written in one list, where a mark stands for the next position, so that everything is computed in its order.
  const parts = fields.flatMap((each) => partCode(each, each === last, scope, expressions));
  return fallible("tableOfFields", parts, startOf(node), scope);
}

function partCode(
  part: TableConstructorExpression["fields"][number],
  isLast: boolean,
  scope: FunctionScope,
  { single, list, isMany }: Expressions,
): string[] {
  switch (part.type) {
    case "TableKey":
      return [single(part.key, scope), single(part.value, scope)];
    case "TableKeyString":
      return [JSON.stringify(part.key.name), single(part.value, scope)];
    case "TableValue":
      return isLast && isMany(part.value, scope)
        ? ["lastValues", ...list([part.value], scope)]
        : ["nextValue", single(part.value, scope)];
  }
}
