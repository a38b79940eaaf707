/**
 * Owns `cjson.encode` and `cjson.decode` as lua-cjson 2.1 with Redis's settings has them: numbers with 14 digits,
 * an empty table is an object, `null` is a value of its own, "/" is escaped, a sparse array is refused.
 * Fails closed: what cannot be converted raises a Lua error.
 */
import type { LuaState } from "fengari";
import { bytesFromText, textFromBytes } from "../../bytes";
import { bytesAt, type Lua, luaString } from "./lua-values";
import { formatGeneral } from "./number-text";

/** What `cjson.null` is: a value that equals only itself. */
const jsonNull = Object.freeze({ name: "cjson.null" });
const deepestNesting = 1000;

export class JsonConversionError extends Error {}

export function pushJsonNull(lua: Lua, state: LuaState): void {
  lua.lua_pushlightuserdata(state, jsonNull);
}

/** Pushes what the JSON text at `index` means. */
export function pushDecoded(lua: Lua, state: LuaState, index: number): void {
  let value: unknown;
  try {
    value = JSON.parse(textFromBytes(bytesAt(lua, state, index)));
  } catch (error) {
    throw new JsonConversionError("Expected value but found invalid token", { cause: error });
  }
  pushJson(lua, state, value);
}

function pushJson(lua: Lua, state: LuaState, value: unknown): void {
  lua.lua_checkstack(state, 4);
  if (typeof value === "string") lua.lua_pushstring(state, luaString(bytesFromText(value)));
  else if (typeof value === "number") lua.lua_pushnumber(state, value);
  else if (typeof value === "boolean") lua.lua_pushboolean(state, value);
  else if (value === null || typeof value !== "object") pushJsonNull(lua, state);
  else if (Array.isArray(value))
    pushEntries(
      lua,
      state,
      value.map((item, at) => [at + 1, item] as const),
    );
  else pushEntries(lua, state, Object.entries(value));
}

function pushEntries(
  lua: Lua,
  state: LuaState,
  entries: readonly (readonly [number | string, unknown])[],
): void {
  lua.lua_createtable(state, 0, entries.length);
  for (const [key, item] of entries) {
    pushJson(lua, state, key);
    pushJson(lua, state, item);
    lua.lua_rawset(state, -3);
  }
}

/** The JSON text of the value at `index`, as Redis bytes. */
export function encodeAt(lua: Lua, state: LuaState, index: number, depth = 0): string {
  switch (lua.lua_type(state, index)) {
    case lua.LUA_TSTRING:
      return quote(bytesAt(lua, state, index));
    case lua.LUA_TNUMBER:
      return encodeNumber(lua.lua_tonumber(state, index));
    case lua.LUA_TBOOLEAN:
      return lua.lua_toboolean(state, index) ? "true" : "false";
    case lua.LUA_TNIL:
      return "null";
    case lua.LUA_TTABLE:
      return encodeTable(lua, state, lua.lua_absindex(state, index), depth + 1);
    default:
      if (lua.lua_touserdata(state, index) === jsonNull) return "null";
      throw new JsonConversionError("Cannot serialise this type: type not supported");
  }
}

function encodeNumber(value: number): string {
  if (Number.isFinite(value)) return formatGeneral(value, 14);
  throw new JsonConversionError("Cannot serialise number: must not be NaN or Inf");
}

function encodeTable(lua: Lua, state: LuaState, table: number, depth: number): string {
  if (depth > deepestNesting) throw new JsonConversionError("Cannot serialise, excessive depth (1001)");
  lua.lua_checkstack(state, 4);
  const entries: { key: string | number; text: string }[] = [];
  lua.lua_pushnil(state);
  while (lua.lua_next(state, table) !== 0) {
    entries.push({ key: keyAt(lua, state, -2), text: encodeAt(lua, state, -1, depth) });
    lua.lua_pop(state, 1);
  }
  const length = arrayLength(entries.map(({ key }) => key));
  if (length === undefined) {
    return `{${entries.map(({ key, text }) => `${quote(keyText(key))}:${text}`).join(",")}}`;
  }
  const texts = new Map(entries.map(({ key, text }) => [key, text]));
  return `[${Array.from({ length }, (_, at) => texts.get(at + 1) ?? "null").join(",")}]`;
}

function keyAt(lua: Lua, state: LuaState, index: number): string | number {
  const type = lua.lua_type(state, index);
  if (type === lua.LUA_TNUMBER) return lua.lua_tonumber(state, index);
  if (type === lua.LUA_TSTRING) return bytesAt(lua, state, index);
  throw new JsonConversionError("Cannot serialise table: table key must be a number or string");
}

const keyText = (key: string | number): string => (typeof key === "number" ? formatGeneral(key, 14) : key);

/** undefined for an object: an empty table, or one with a key that is no positive whole number. */
function arrayLength(keys: readonly (string | number)[]): number | undefined {
  if (keys.length === 0) return undefined;
  let length = 0;
  for (const key of keys) {
    if (typeof key !== "number" || !Number.isInteger(key) || key < 1) return undefined;
    length = Math.max(length, key);
  }
  if (length > 10 && length > keys.length * 2) {
    throw new JsonConversionError("Cannot serialise table: excessively sparse array");
  }
  return length;
}

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "/": "\\/",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
};

function quote(bytes: string): string {
  const escaped = Array.from(bytes, (character) => {
    const code = character.charCodeAt(0);
    if (code < 32 || code === 127) {
      return shortEscapes[character] ?? `\\u${code.toString(16).padStart(4, "0")}`;
    }
    return shortEscapes[character] ?? character;
  });
  return `"${escaped.join("")}"`;
}
