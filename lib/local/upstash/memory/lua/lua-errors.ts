/**
 * Owns errors of a running script: the value that was raised and where. Who raises does not know the line; each frame of
 * a compiled script that an error passes adds its own (`located`), which is what the level of Lua's `error` counts.
 * Fails closed: a fault of this engine is no error of the script, so that `pcall` cannot hide it.
 */
import type { Bytes } from "../../bytes";
import { type LuaValue, typeName } from "./lua-values";

export class LuaError extends Error {
  /** The line of the script that ran when it was raised; 0 until the first frame has seen it. */
  line = 0;

  /** `level` 1 puts the line of the calling frame before a text, 2 that of its caller, 0 none. */
  constructor(
    public value: LuaValue,
    public level = 1,
  ) {
    super("a Lua error");
  }
}

/** What a frame throws on when `error` passes it at that line. */
export function located(error: unknown, line: number): unknown {
  const raised = asLuaError(error);
  if (raised === undefined) return error;
  if (raised.line === 0) raised.line = line;
  if (raised.level > 0) {
    raised.level -= 1;
    if (raised.level === 0 && typeof raised.value === "string") {
      raised.value = `user_script:${line}: ${raised.value}`;
    }
  }
  return raised;
}

/** undefined for what no script may catch. Where JavaScript's stack or longest string ends, so does Lua's. */
export function asLuaError(error: unknown): LuaError | undefined {
  if (error instanceof LuaError) return error;
  if (!(error instanceof RangeError)) return undefined;
  return new LuaError(error.message.includes("call stack") ? "stack overflow" : "not enough memory");
}

/** Runs what a library function calls back: to Lua it is no caller with a line. */
export function calledBack<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    const raised = asLuaError(error);
    if (raised === undefined) throw error;
    raised.level = 0;
    throw raised;
  }
}

/** `doing` is "index", "call" or the like; `name` is what the value is called in the script, "local 'x'". */
export const wrongType = (doing: string, value: LuaValue, name?: string): LuaError =>
  new LuaError(
    `attempt to ${doing} ${name === undefined ? "a" : `${name} (a`} ${typeName(value)} value${name === undefined ? "" : ")"}`,
  );

export const badArgument = (position: number, of: string, problem: string): LuaError =>
  new LuaError(`bad argument #${position} to '${of}' (${problem})`);

export const readOnlyTable = (): LuaError => new LuaError("Attempt to modify a readonly table");

export const unknownGlobal = (name: Bytes): LuaError =>
  new LuaError(`Script attempted to access nonexistent global variable '${name}'`);
