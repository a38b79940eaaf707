/**
 * Owns the two tables that a script finds: `redis` (call, pcall, status_reply, error_reply, sha1hex) and `cjson`
 * (encode, decode, null), with Redis's own behaviour on wrong arguments. Anything else that Redis offers there is
 * absent, and using it is an error. Fails closed: as Lua errors, never as JavaScript exceptions.
 */
import { createHash } from "node:crypto";
import type { LuaState } from "fengari";
import type { Bytes } from "../../bytes";
import { errorReply, type Reply } from "../../reply";
import { encodeAt, JsonConversionError, pushDecoded, pushJsonNull } from "./cjson";
import type { Fengari } from "./load-fengari";
import { bytesAt, luaString, pushField, pushReply } from "./lua-values";
import { formatGeneral } from "./number-text";

/** What `redis.call` does; it answers error replies and does not throw. */
export type CallCommand = (command: readonly Bytes[]) => Reply;

const noCommand = errorReply("ERR Please specify at least one argument for this redis.call()");
const wrongArguments = errorReply("ERR wrong number or type of arguments");

/** Makes the global `redis`. */
export function openRedis({ lua, lauxlib }: Fengari, state: LuaState, callCommand: CallCommand): void {
  const runCommand = (thread: LuaState): Reply => {
    const count = lua.lua_gettop(thread);
    const command: Bytes[] = [];
    for (let index = 1; index <= count; index += 1) {
      const type = lua.lua_type(thread, index);
      if (type === lua.LUA_TNUMBER) command.push(formatGeneral(lua.lua_tonumber(thread, index), 17));
      else if (type === lua.LUA_TSTRING) command.push(bytesAt(lua, thread, index));
      else return errorReply("ERR Lua redis lib command arguments must be strings or integers");
    }
    return command.length === 0 ? noCommand : callCommand(command);
  };
  const raise = (thread: LuaState, reply: Reply): number => {
    pushReply(lua, thread, reply);
    lauxlib.luaL_where(thread, 1);
    lua.lua_setfield(thread, -2, luaString("where"));
    return lua.lua_error(thread);
  };

  const answer = (thread: LuaState, reply: Reply): number => {
    pushReply(lua, thread, reply);
    return 1;
  };
  const isOneString = (thread: LuaState) =>
    lua.lua_gettop(thread) === 1 && lua.lua_type(thread, 1) === lua.LUA_TSTRING;

  lua.lua_createtable(state, 0, 5);
  const functions = {
    call(thread: LuaState) {
      const reply = runCommand(thread);
      return reply.kind === "error" ? raise(thread, reply) : answer(thread, reply);
    },
    pcall: (thread: LuaState) => answer(thread, runCommand(thread)),
    status_reply(thread: LuaState) {
      if (!isOneString(thread)) return answer(thread, wrongArguments);
      pushField(lua, thread, "ok", bytesAt(lua, thread, 1));
      return 1;
    },
    error_reply(thread: LuaState) {
      if (!isOneString(thread)) return answer(thread, wrongArguments);
      const text = bytesAt(lua, thread, 1).replace(/^-/, "");
      pushField(lua, thread, "err", text.includes(" ") ? text : `ERR ${text}`);
      return 1;
    },
    sha1hex(thread: LuaState) {
      if (!isOneString(thread)) return raise(thread, wrongArguments);
      const sha = createHash("sha1")
        .update(bytesAt(lua, thread, 1), "latin1")
        .digest("hex");
      lua.lua_pushstring(thread, luaString(sha));
      return 1;
    },
  };
  for (const [name, implementation] of Object.entries(functions)) {
    lua.lua_pushcfunction(state, implementation);
    lua.lua_setfield(state, -2, luaString(name));
  }
  lua.lua_setglobal(state, luaString("redis"));
}

/** Makes the global `cjson`. */
export function openCjson({ lua, lauxlib }: Fengari, state: LuaState): void {
  const guarded = (convert: (thread: LuaState) => void) => (thread: LuaState) => {
    try {
      convert(thread);
      return 1;
    } catch (error) {
      if (!(error instanceof JsonConversionError)) throw error;
      lauxlib.luaL_where(thread, 1);
      lua.lua_pushstring(thread, luaString(`${bytesAt(lua, thread, -1)}${error.message}`));
      return lua.lua_error(thread);
    }
  };
  lua.lua_createtable(state, 0, 3);
  lua.lua_pushcfunction(
    state,
    guarded((thread) => lua.lua_pushstring(thread, luaString(encodeAt(lua, thread, 1)))),
  );
  lua.lua_setfield(state, -2, luaString("encode"));
  lua.lua_pushcfunction(
    state,
    guarded((thread) => pushDecoded(lua, thread, 1)),
  );
  lua.lua_setfield(state, -2, luaString("decode"));
  pushJsonNull(lua, state);
  lua.lua_setfield(state, -2, luaString("null"));
  lua.lua_setglobal(state, luaString("cjson"));
}
