/**
 * Owns the JavaScript of one function of a script, and of the script as a whole: what errors that pass it are told about its
 * lines, and what its calls answer (lua-values.ts). Pure.
 */
import type { Chunk, FunctionDeclaration, Statement } from "luaparse";
import { endOf, startOf } from "./compile-operation";
import { FunctionScope, type Shared } from "./compile-scope";
import { block } from "./compile-statement";

export interface ParsedScript {
  readonly chunk: Chunk;
  /** What stands in parentheses of its own. */
  readonly grouped: Shared["grouped"];
}

/** An expression: a function of the globals that runs the script. */
export function chunkCode({ chunk, grouped }: ParsedScript): string {
  const shared: Shared = { lastNumber: 0, grouped, functionCode };
  const scope = new FunctionScope(undefined, true, 0, shared);
  return `($globals) => {\nconst $more = [];\n${bodyCode(chunk.body, scope)}\n}`;
}

function functionCode(
  node: FunctionDeclaration,
  parent: FunctionScope,
  parameters: readonly string[],
): string {
  const takesMore = node.parameters.some(({ type }) => type === "VarargLiteral");
  const scope = new FunctionScope(parent, takesMore, startOf(node), parent.shared);
  const own = node.parameters.flatMap((each) => (each.type === "Identifier" ? [each.name] : []));
  const names = [...parameters, ...own].map((name) => scope.declare(name, endOf(node)));
  if (takesMore) names.push("...$more");
  return `((${names.join(", ")}) => {\n${bodyCode(node.body, scope)}\n})`;
}

function bodyCode(statements: readonly Statement[], scope: FunctionScope): string {
  const body = block(statements, scope);
  return `${scope.temporaries()}\ntry {\n${body}\nreturn noResult;\n} catch ($error) { throw located($error, $line); }`;
}
