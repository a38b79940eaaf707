/**
 * Owns turning a script's text into a JavaScript function of its globals: parsed as Lua 5.1, written as JavaScript, and
 * handed to JavaScript's own compiler. That is the one text this engine ever evaluates; all of it is written by
 * compile-*.ts, and it reaches nothing but `compiledRuntime` and the globals that it is given.
 * The compiled form holds no state, so that it is kept for the whole process, whose engines run the same scripts. It must
 * never keep more than a few: an EVAL with its values in its text is a new script each time.
 * Fails closed with Redis's error texts; what does not compile is not kept.
 */
import { type Node, parse } from "luaparse";
import type { Bytes } from "../../bytes";
import { CommandError } from "../command-error";
import { chunkCode, type ParsedScript } from "./compile-function";
import { CompileError } from "./compile-scope";
import { compiledRuntime } from "./compiled-runtime";
import { groupedExpressions, parserOptions } from "./grouped-expressions";
import type { LuaTable } from "./lua-table";
import type { LuaResult } from "./lua-values";

export type CompiledScript = (globals: LuaTable) => LuaResult;

/** Several times what Rekindle has. */
const MOST_KEPT = 256;

/** By source, oldest first. */
const kept = new Map<Bytes, CompiledScript>();

/** @throws CommandError when it does not compile */
export function compileScript(source: Bytes): CompiledScript {
  const known = kept.get(source);
  if (known !== undefined) return known;
  const compiled = compile(source);
  kept.set(source, compiled);
  const [oldest] = kept.keys();
  if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
  return compiled;
}

function compile(source: Bytes): CompiledScript {
  const code = codeOf(source);
  const names = Object.keys(compiledRuntime).join(", ");
  const make = new Function("$runtime", `"use strict"; const { ${names} } = $runtime; return ${code};`);
  return make(compiledRuntime);
}

function codeOf(source: Bytes): string {
  try {
    return chunkCode(parsed(source));
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    throw new CommandError(`ERR Error compiling script (new function): ${error.message}`);
  }
}

function parsed(source: Bytes): ParsedScript {
  try {
    const nodes: Node[] = [];
    const chunk = parse(source, { ...parserOptions, onCreateNode: (node) => nodes.push(node) });
    return { chunk, grouped: groupedExpressions(source, nodes) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const [, line, text] = /^\[(\d+):\d+\] ([\s\S]*)$/.exec(error.message) ?? [];
    throw new CompileError(Number(line ?? 1), text ?? error.message);
  }
}
