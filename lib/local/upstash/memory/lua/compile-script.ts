/**
 * Owns turning a script's text into a function of one interpreter. Parsing takes some ten milliseconds, and tests open
 * hundreds of engines with the same scripts, so the compiled form is kept for the whole process and only read into each
 * interpreter. It must never keep more than a few: an EVAL with its values in its text is a new script each time.
 * Fails closed with Redis's error texts; what does not compile is not kept.
 */
import type { LuaState } from "fengari";
import type { Bytes } from "../../bytes";
import { CommandError } from "../command-error";
import type { Fengari } from "./load-fengari";
import { bytesAt, luaString } from "./lua-values";
import { lua51Source, NewerLuaError } from "./lua51-source";

/** Several times what Rekindle has. */
const MOST_KEPT = 64;

/** By source, oldest first. With its debug information, so that errors name the same lines. */
const kept = new Map<Bytes, Uint8Array>();

const chunkName = "@user_script";

/** Leaves the compiled function on the stack. @throws CommandError when it does not compile */
export function compileScript(fengari: Fengari, state: LuaState, source: Bytes): void {
  const known = kept.get(source);
  if (known !== undefined) {
    load(fengari, state, known);
    return;
  }
  load(fengari, state, luaString(textOf(source)));
  kept.set(source, dumped(fengari, state));
  const [oldest] = kept.keys();
  if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
}

function textOf(source: Bytes): string {
  try {
    return lua51Source(source);
  } catch (error) {
    if (!(error instanceof NewerLuaError)) throw error;
    throw new CommandError(`ERR Error compiling script (new function): ${error.message}`);
  }
}

function load({ lua, lauxlib }: Fengari, state: LuaState, chunk: Uint8Array): void {
  const status = lauxlib.luaL_loadbuffer(state, chunk, chunk.length, luaString(chunkName));
  if (status === lua.LUA_OK) return;
  const message = bytesAt(lua, state, -1);
  lua.lua_settop(state, 0);
  throw new CommandError(`ERR Error compiling script (new function): ${message}`);
}

/** Of the function on top of the stack, which stays there. */
function dumped({ lua }: Fengari, state: LuaState): Uint8Array {
  const parts: Uint8Array[] = [];
  const write = (_state: LuaState, bytes: Uint8Array, size: number): number => {
    parts.push(bytes.slice(0, size));
    return 0;
  };
  lua.lua_dump(state, write, null, false);
  return Buffer.concat(parts);
}
