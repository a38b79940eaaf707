/**
 * Owns the conversions between Redis replies and Lua values, which are Redis's own:
 * integer → number, nil → false, status → {ok=…}, error → {err=…}; and back: number → truncated integer,
 * false → nil, true → 1, a table up to its first nil. Fails closed on reply types that only RESP3 has.
 */
import type { LuaState, lua as luaApi } from "fengari";
import type { Bytes } from "../../bytes";
import { array, bytesReply, errorReply, integer, nil, type Reply } from "../../reply";

export type Lua = typeof luaApi;

/** Up to here a loop is faster than crossing into Node's own code; nearly all that scripts handle is shorter. */
const LONGEST_BY_LOOP = 64;

export function luaString(bytes: Bytes): Uint8Array {
  const { length } = bytes;
  const copy = new Uint8Array(length);
  if (length > LONGEST_BY_LOOP) Buffer.from(copy.buffer).write(bytes, "latin1");
  else for (let index = 0; index < length; index += 1) copy[index] = bytes.charCodeAt(index);
  return copy;
}

/** The value must be a string or a number. */
export function bytesAt(lua: Lua, state: LuaState, index: number): Bytes {
  const raw = lua.lua_tostring(state, index);
  if (raw === null) return "";
  if (raw.length > LONGEST_BY_LOOP)
    return Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString("latin1");
  let bytes: Bytes = "";
  for (const byte of raw) bytes += String.fromCharCode(byte);
  return bytes;
}

export function pushReply(lua: Lua, state: LuaState, reply: Reply): void {
  lua.lua_checkstack(state, 4);
  switch (reply.kind) {
    case "integer":
      lua.lua_pushnumber(state, reply.value);
      break;
    case "bytes":
      lua.lua_pushstring(state, luaString(reply.bytes));
      break;
    case "nil":
      lua.lua_pushboolean(state, false);
      break;
    case "status":
      pushField(lua, state, "ok", reply.text);
      break;
    case "error":
      pushField(lua, state, "err", reply.text);
      break;
    case "array":
      lua.lua_createtable(state, reply.items.length, 0);
      for (const [index, item] of reply.items.entries()) {
        pushReply(lua, state, item);
        lua.lua_rawseti(state, -2, index + 1);
      }
  }
}

/** Pushes a table of one text field, as `redis.status_reply` and `redis.error_reply` answer. */
export function pushField(lua: Lua, state: LuaState, name: string, text: string): void {
  lua.lua_createtable(state, 0, 1);
  lua.lua_pushstring(state, luaString(text));
  lua.lua_setfield(state, -2, luaString(name));
}

export function replyAt(lua: Lua, state: LuaState, index: number): Reply {
  switch (lua.lua_type(state, index)) {
    case lua.LUA_TSTRING:
      return bytesReply(bytesAt(lua, state, index));
    case lua.LUA_TNUMBER:
      return numberReply(lua.lua_tonumber(state, index));
    case lua.LUA_TBOOLEAN:
      return lua.lua_toboolean(state, index) ? integer(1) : nil;
    case lua.LUA_TTABLE:
      return replyOfTable(lua, state, index);
    default:
      return nil;
  }
}

/** Redis casts what is not finite to whatever the processor makes of it; nobody can mean that. */
function numberReply(value: number): Reply {
  if (!Number.isFinite(value)) return errorReply("ERR a script answered a number that is not finite");
  return integer(Math.trunc(value));
}

const resp3Fields = ["double", "map", "set", "big_number", "verbatim_string"].map((name) => ({
  name,
  field: luaString(name),
}));

function replyOfTable(lua: Lua, state: LuaState, index: number): Reply {
  lua.lua_checkstack(state, 4);
  const table = lua.lua_absindex(state, index);
  const failure = textField(lua, state, table, "err");
  if (failure !== undefined) return errorReply(failure);
  const status = textField(lua, state, table, "ok");
  if (status !== undefined) return { kind: "status", text: status };
  for (const { name, field } of resp3Fields) {
    const type = lua.lua_getfield(state, table, field);
    lua.lua_pop(state, 1);
    if (type !== lua.LUA_TNIL) return errorReply(`ERR the in-process engine has no '${name}' replies`);
  }
  return array(itemsOf(lua, state, table));
}

function itemsOf(lua: Lua, state: LuaState, table: number): Reply[] {
  const items: Reply[] = [];
  while (lua.lua_rawgeti(state, table, items.length + 1) !== lua.LUA_TNIL) {
    items.push(replyAt(lua, state, -1));
    lua.lua_pop(state, 1);
  }
  lua.lua_pop(state, 1);
  return items;
}

/** The field's text when the table has it as a string. */
export function textField(lua: Lua, state: LuaState, table: number, name: string): string | undefined {
  const isString = lua.lua_getfield(state, table, luaString(name)) === lua.LUA_TSTRING;
  const text = isString ? bytesAt(lua, state, -1) : undefined;
  lua.lua_pop(state, 1);
  return text;
}
