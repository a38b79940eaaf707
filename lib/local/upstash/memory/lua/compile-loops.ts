/** Owns the JavaScript of Lua's two kinds of `for`. Each turn has variables of its own. Pure. */
import type { ForGenericStatement, ForNumericStatement, Statement } from "luaparse";
import { single } from "./compile-expression";
import { endOf, startOf } from "./compile-operation";
import type { FunctionScope } from "./compile-scope";
import { valuesCode } from "./compile-values";

type WriteBlock = (statements: readonly Statement[], scope: FunctionScope) => string;

export function forNumeric(node: ForNumericStatement, scope: FunctionScope, block: WriteBlock): string {
  const line = startOf(node);
  const [start, end, step, at] = [scope.newName(), scope.newName(), scope.newName(), scope.newName()];
  const isPlain = node.step === null;
  const lines = [
    `$line = ${line};`,
    ...onItsLines(node, [node.start, node.end], scope, () => [
      `const ${start} = ${single(node.start, scope)}, ${end} = ${single(node.end, scope)},`,
      `${step} = ${node.step === null ? "1" : single(node.step, scope)};`,
    ]),
    `$line = ${line};`,
    `let ${at} = loopNumber(${start}, "initial"); const ${end}n = loopNumber(${end}, "limit");`,
    `const ${step}n = ${isPlain ? "1" : `loopNumber(${step}, "step")`};`,
  ];
  const isWithin = isPlain ? `${at} <= ${end}n` : `${step}n > 0 ? ${at} <= ${end}n : ${at} >= ${end}n`;
  const body = inLoop(scope, () => {
    const name = scope.declare(node.variable.name, line);
    return `let ${name} = ${at};\n${block(node.body, scope)}`;
  });
  return `{ ${lines.join(" ")}\nfor (; ${isWithin}; ${at} += ${step}n) {\n${body}\n} }`;
}

export function forGeneric(node: ForGenericStatement, scope: FunctionScope, block: WriteBlock): string {
  const line = startOf(node);
  const { before, values } = onItsLines(node, node.iterators, scope, () =>
    valuesCode(node.iterators, 3, scope),
  );
  const [next, state, key, found] = [scope.newName(), scope.newName(), scope.newName(), scope.newName()];
  const body = inLoop(scope, () => {
    const declared = node.variables.map(({ name }, at) => {
      const value = at === 0 ? key : `nth(${found}, ${at})`;
      return `${scope.declare(name, line)} = ${value}`;
    });
    return `let ${declared.join(", ")};\n${block(node.body, scope)}`;
  });
  return [
    `{ $line = ${line}; ${before}const ${next} = ${values[0]}, ${state} = ${values[1]}; let ${key} = ${values[2]};`,
    `for (;;) { $line = ${line}; const ${found} = callable(${next})(${state}, ${key});`,
    `${key} = first(${found}); if (${key} === undefined) break;`,
    `${body}\n} }`,
  ].join("\n");
}

function inLoop(scope: FunctionScope, write: () => string): string {
  scope.loopDepth += 1;
  const code = scope.within(write);
  scope.loopDepth -= 1;
  return code;
}

/** The loop's own line is enough when what it begins with stands there as well. */
function onItsLines<Written>(
  node: ForGenericStatement | ForNumericStatement,
  parts: readonly Parameters<typeof endOf>[0][],
  scope: FunctionScope,
  write: () => Written,
): Written {
  const before = scope.isOnSeveralLines;
  scope.isOnSeveralLines = parts.some((part) => endOf(part) !== startOf(node));
  const written = write();
  scope.isOnSeveralLines = before;
  return written;
}
