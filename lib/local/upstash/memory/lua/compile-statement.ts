/**
 * Owns the JavaScript of Lua's statements. A local variable is a `let` of its block, so that each turn of a loop has its
 * own, as closures expect. Before what can fail stands which line runs. Fails closed: what Lua 5.1 does not have is a
 * CompileError.
 */
import type {
  AssignmentStatement,
  Expression,
  IfStatement,
  LocalStatement,
  Node,
  RepeatStatement,
  ReturnStatement,
  Statement,
  WhileStatement,
} from "luaparse";
import { call, condition, isCall, isMany, list, more, single } from "./compile-expression";
import { forGeneric, forNumeric } from "./compile-loops";
import { described, endOf, fallible, startOf } from "./compile-operation";
import { CompileError, type FunctionScope } from "./compile-scope";
import { valuesCode } from "./compile-values";

export function block(statements: readonly Statement[], scope: FunctionScope): string {
  return scope.within(() => statements.map((each) => statement(each, scope)).join("\n"));
}

function statement(node: Statement, scope: FunctionScope): string {
  switch (node.type) {
    case "LocalStatement":
      return marked(node, scope, () => local(node, scope));
    case "AssignmentStatement":
      return marked(node, scope, () => assignment(node, scope));
    case "CallStatement":
      return marked(node, scope, () => `${call(node.expression, scope)};`);
    case "FunctionDeclaration":
      return functionStatement(node, scope);
    case "ReturnStatement":
      return marked(node, scope, () => `return ${returned(node, scope)};`);
    case "IfStatement":
      return conditional(node, scope);
    case "WhileStatement":
      return loopWhile(node, scope);
    case "RepeatStatement":
      return repeatUntil(node, scope);
    case "ForNumericStatement":
      return forNumeric(node, scope, block);
    case "ForGenericStatement":
      return forGeneric(node, scope, block);
    case "DoStatement":
      return `{\n${block(node.body, scope)}\n}`;
    case "BreakStatement":
      if (scope.loopDepth === 0) throw new CompileError(startOf(node), "no loop to break near '<eof>'");
      return "break;";
    default:
      throw new CompileError(startOf(node), `'=' expected near '${node.type}'`);
  }
}

/** With its line, and with those of its parts when it has several. */
function marked(node: Pick<Node, "loc">, scope: FunctionScope, write: () => string): string {
  const before = scope.isOnSeveralLines;
  scope.isOnSeveralLines = startOf(node) !== endOf(node);
  const code = `$line = ${startOf(node)}; ${write()}`;
  scope.isOnSeveralLines = before;
  return code;
}

const markedCondition = (node: Expression, scope: FunctionScope): string => {
  let code = "";
  const prefix = marked(node, scope, () => {
    code = condition(node, scope);
    return "";
  });
  return `(${prefix.replace(/; $/, "")}, ${code})`;
};

/** The values are computed before the variables are there. */
function local({ variables, init, loc }: LocalStatement, scope: FunctionScope): string {
  const { before, values } = valuesCode(init, variables.length, scope);
  const line = loc?.start.line ?? 0;
  const declared = variables.map(({ name }, at) => `${scope.declare(name, line)} = ${values[at]}`);
  return `${before}let ${declared.join(", ")};`;
}

function assignment({ variables, init }: AssignmentStatement, scope: FunctionScope): string {
  const [target] = variables;
  const [value] = init;
  if (variables.length === 1 && init.length === 1 && target !== undefined && value !== undefined) {
    return `${assigned(target, partsOf(target, scope), single(value, scope), scope)};`;
  }
  // All is computed before anything is assigned, and the last is assigned first.
  const kept: string[] = [];
  const targets = variables.map((each) => ({
    each,
    parts: partsOf(each, scope).map((part) => keep(part, kept, scope)),
  }));
  const { before, values } = valuesCode(init, variables.length, scope);
  const results = values.map(() => scope.newName());
  const computed = results.map((name, at) => `const ${name} = ${values[at]};`);
  const assignments = targets
    .map(({ each, parts }, at) => `${assigned(each, parts, results[at] ?? "undefined", scope)};`)
    .reverse();
  return `{ ${[...kept, before, ...computed, ...assignments].join(" ")} }`;
}

function keep(part: string, kept: string[], scope: FunctionScope): string {
  const name = scope.newName();
  kept.push(`const ${name} = ${part};`);
  return name;
}

/** What of the target has to be computed: the table and the key. */
function partsOf(target: Expression, scope: FunctionScope): string[] {
  switch (target.type) {
    case "MemberExpression":
      return [single(target.base, scope), JSON.stringify(target.identifier.name)];
    case "IndexExpression":
      return [single(target.base, scope), single(target.index, scope)];
    default:
      return [];
  }
}

function assigned(target: Expression, parts: readonly string[], value: string, scope: FunctionScope): string {
  if (target.type === "MemberExpression" || target.type === "IndexExpression") {
    const operands = [...parts, value, ...described([target.base], scope)];
    return fallible("setIndex", operands, endOf(target), scope);
  }
  if (target.type !== "Identifier") throw new CompileError(startOf(target), "syntax error");
  const variable = scope.find(target.name);
  if (variable !== undefined) return `${variable.code} = ${value}`;
  return fallible("setGlobal", [value], endOf(target), scope);
}

function functionStatement(
  node: Extract<Statement, { type: "FunctionDeclaration" }>,
  scope: FunctionScope,
): string {
  const { identifier } = node;
  if (identifier === null) throw new CompileError(startOf(node), "'<name>' expected");
  if (node.isLocal && identifier.type === "Identifier") {
    // It can call itself, so that its variable is there first.
    const name = scope.declare(identifier.name, startOf(node));
    return `let ${name}; ${name} = ${scope.shared.functionCode(node, scope, [])};`;
  }
  const isMethod = identifier.type === "MemberExpression" && identifier.indexer === ":";
  const code = scope.shared.functionCode(node, scope, isMethod ? ["self"] : []);
  return marked(identifier, scope, () => `${assigned(identifier, partsOf(identifier, scope), code, scope)};`);
}

function returned({ arguments: values }: ReturnStatement, scope: FunctionScope): string {
  const [only] = values;
  if (only === undefined) return "noResult";
  if (values.length > 1) {
    const results = list(values, scope);
    return results.some((code) => code.startsWith("...")) ? `many([${results}])` : `[${results}]`;
  }
  if (!isMany(only, scope)) return single(only, scope);
  return isCall(only) ? call(only, scope) : `many(${more(only, scope)})`;
}

function conditional({ clauses }: IfStatement, scope: FunctionScope): string {
  return clauses
    .map((clause) => {
      const body = (): string => `{\n${block(clause.body, scope)}\n}`;
      if (clause.type === "ElseClause") return body();
      return `if ${markedCondition(clause.condition, scope)} ${body()}`;
    })
    .join(" else ");
}

function loopWhile(node: WhileStatement, scope: FunctionScope): string {
  const tested = markedCondition(node.condition, scope);
  return `while ${tested} {\n${inLoop(scope, () => block(node.body, scope))}\n}`;
}

/** The condition sees the variables of the body. */
function repeatUntil(node: RepeatStatement, scope: FunctionScope): string {
  const body = inLoop(scope, () =>
    scope.within(() => {
      const statements = node.body.map((each) => statement(each, scope));
      return [...statements, `if ${markedCondition(node.condition, scope)} break;`].join("\n");
    }),
  );
  return `while (true) {\n${body}\n}`;
}

function inLoop(scope: FunctionScope, write: () => string): string {
  scope.loopDepth += 1;
  const code = write();
  scope.loopDepth -= 1;
  return code;
}
