/**
 * Owns running Lua scripts in-process: one fengari interpreter, a cache of compiled scripts by SHA-1, and the `redis`
 * and `cjson` tables. A script runs to its end synchronously, so nothing happens in between. It opens neither `os`,
 * `io`, `require` nor fengari's JavaScript bridge: a script reaches the keys and nothing else of this machine.
 * Fails closed, with Redis's error texts. A script that never ends blocks the process, as it blocks a Redis.
 */
import { createHash } from "node:crypto";
import type { LuaState } from "fengari";
import type { Bytes } from "../../bytes";
import { errorReply, type Reply } from "../../reply";
import { readScript, type ScriptFlags } from "../../script-flags";
import { CommandError } from "../command-error";
import { compileScript } from "./compile-script";
import { type Fengari, loadFengari } from "./load-fengari";
import { bytesAt, luaString, replyAt, textField } from "./lua-values";
import { prelude } from "./prelude";
import { type CallCommand, openCjson, openRedis } from "./script-tables";
import { openShortcuts } from "./shortcuts";

/** What the script that runs now may touch. */
export interface RunningScript {
  readonly flags: ScriptFlags;
  readonly declaredKeys: ReadonlySet<Bytes>;
}

interface CachedScript {
  /** Of the compiled function, in the interpreter's registry. */
  readonly reference: number;
  readonly flags: ScriptFlags;
}

export interface ScriptRunner {
  /** The SHA-1 under which `run` finds it. @throws CommandError when it does not compile. */
  load(source: Bytes): string;
  has(sha: string): boolean;
  /** @throws CommandError NOSCRIPT when it was not loaded. */
  run(sha: string, keys: readonly Bytes[], args: readonly Bytes[]): Reply;
  forgetAll(): void;
}

/** `callCommand` is what `redis.call` does; it answers error replies and does not throw. */
export async function createScriptRunner(
  callCommand: (command: readonly Bytes[], script: RunningScript) => Reply,
): Promise<ScriptRunner> {
  const fengari = await loadFengari();
  const { lua, lauxlib } = fengari;
  // Until the first script runs, nothing calls.
  let running: RunningScript = {
    flags: { isKeyLocking: true, isReadOnly: true },
    declaredKeys: new Set<Bytes>(),
  };
  const state = openInterpreter(fengari, (command) => callCommand(command, running));
  const cached = new Map<string, CachedScript>();

  return {
    load(source) {
      const sha = createHash("sha1").update(source, "latin1").digest("hex");
      if (cached.has(sha)) return sha;
      const script = readScript(source);
      if (script.kind === "refused") throw new CommandError(script.error);
      compileScript(fengari, state, script.lua);
      cached.set(sha, {
        reference: lauxlib.luaL_ref(state, lua.LUA_REGISTRYINDEX),
        flags: script.flags,
      });
      return sha;
    },

    has: (sha) => cached.has(sha.toLowerCase()),

    run(sha, keys, args) {
      const script = cached.get(sha.toLowerCase());
      if (script === undefined) throw new CommandError("NOSCRIPT No matching script. Please use EVAL.");
      running = { flags: script.flags, declaredKeys: new Set(keys) };
      setList(fengari, state, "KEYS", keys);
      setList(fengari, state, "ARGV", args);
      lua.lua_rawgeti(state, lua.LUA_REGISTRYINDEX, script.reference);
      try {
        const status = lua.lua_pcall(state, 0, 1, 0);
        return status === lua.LUA_OK ? replyAt(lua, state, -1) : raisedError(fengari, state, sha);
      } finally {
        lua.lua_settop(state, 0);
      }
    },

    forgetAll() {
      for (const { reference } of cached.values()) {
        lauxlib.luaL_unref(state, lua.LUA_REGISTRYINDEX, reference);
      }
      cached.clear();
    },
  };
}

function openInterpreter(fengari: Fengari, callCommand: CallCommand): LuaState {
  const { lua, lauxlib, lualib } = fengari;
  const state = lauxlib.luaL_newstate();
  const libraries = [
    ["_G", lualib.luaopen_base],
    ["table", lualib.luaopen_table],
    ["string", lualib.luaopen_string],
    ["math", lualib.luaopen_math],
  ] as const;
  for (const [name, open] of libraries) lauxlib.luaL_requiref(state, luaString(name), open, 1);
  lua.lua_settop(state, 0);
  openRedis(fengari, state, callCommand);
  openCjson(fengari, state);
  setList(fengari, state, "KEYS", []);
  setList(fengari, state, "ARGV", []);
  const source = luaString(prelude);
  lauxlib.luaL_loadbuffer(state, source, source.length, luaString("@prelude"));
  if (lua.lua_pcall(state, 0, 0, 0) !== lua.LUA_OK) {
    throw new Error(`The prelude of the in-process Redis failed: ${bytesAt(lua, state, -1)}`);
  }
  openShortcuts(fengari, state);
  return state;
}

function setList({ lua }: Fengari, state: LuaState, name: string, values: readonly Bytes[]): void {
  lua.lua_createtable(state, values.length, 0);
  for (const [index, value] of values.entries()) {
    lua.lua_pushstring(state, luaString(value));
    lua.lua_rawseti(state, -2, index + 1);
  }
  lua.lua_setglobal(state, luaString(name));
}

/** As Redis 7 words an error that a script did not catch: its text, the script and the line. */
function raisedError({ lua }: Fengari, state: LuaState, sha: string): Reply {
  const type = lua.lua_type(state, -1);
  if (type === lua.LUA_TTABLE) {
    const table = lua.lua_absindex(state, -1);
    const text = textField(lua, state, table, "err") ?? "ERR unknown error";
    const where = textField(lua, state, table, "where")?.replace(/:\s*$/, "");
    return errorReply(`${text} script: ${sha}${where === undefined ? "" : `, on @${where}.`}`);
  }
  if (type === lua.LUA_TSTRING) return errorReply(`ERR ${bytesAt(lua, state, -1)} script: ${sha}`);
  const fault = lua.lua_touserdata(state, -1);
  throw fault instanceof Error ? fault : new Error("The Lua interpreter failed without saying why.");
}
