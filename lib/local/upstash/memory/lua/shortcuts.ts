/**
 * Owns the short way through the prelude's most called functions: as JavaScript they answer the usual arguments (plain
 * numbers, digits, "%.0f") a few times faster than fengari runs the same lines of Lua, which is a tenth of a simulated
 * test. It must never answer otherwise than the prelude does: whatever else is passed goes to the prelude's own function.
 * Cannot fail by itself.
 */
import type { LuaState } from "fengari";
import type { Fengari } from "./load-fengari";
import { bytesAt, type Lua, luaString } from "./lua-values";

/** Pushes the result, or pushes nothing and says that it does not know these arguments. */
type Shortcut = (lua: Lua, thread: LuaState, count: number) => boolean;

/** Replaces the functions by those that take the short way first; after the prelude. */
export function openShortcuts(fengari: Fengari, state: LuaState): void {
  const { lua } = fengari;
  lua.lua_getglobal(state, luaString("tonumber"));
  lua.lua_pushcfunction(state, withShortcut(fengari, state, toNumber));
  lua.lua_setglobal(state, luaString("tonumber"));
  for (const [library, shortcuts] of Object.entries(ofLibraries)) {
    lua.lua_getglobal(state, luaString(library));
    for (const [name, shortcut] of Object.entries(shortcuts)) {
      lua.lua_getfield(state, -1, luaString(name));
      lua.lua_pushcfunction(state, withShortcut(fengari, state, shortcut));
      lua.lua_setfield(state, -2, luaString(name));
    }
    lua.lua_pop(state, 1);
  }
}

/** Takes the prelude's own function from the stack. */
function withShortcut({ lua, lauxlib }: Fengari, state: LuaState, shortcut: Shortcut) {
  const whole = lauxlib.luaL_ref(state, lua.LUA_REGISTRYINDEX);
  return (thread: LuaState): number => {
    const count = lua.lua_gettop(thread);
    if (shortcut(lua, thread, count)) return 1;
    lua.lua_rawgeti(thread, lua.LUA_REGISTRYINDEX, whole);
    lua.lua_insert(thread, 1);
    lua.lua_call(thread, count, lua.LUA_MULTRET);
    return lua.lua_gettop(thread);
  };
}

const isNumber = (lua: Lua, thread: LuaState, index: number) =>
  lua.lua_type(thread, index) === lua.LUA_TNUMBER;

/** Digits only, and so few that they are exact: a sign, a point, spaces and hexadecimal are the prelude's. */
const plainDigits = /^\d{1,15}$/;

/** Adding nothing makes a negative zero plain here and below, as it does in the prelude. */
const toNumber: Shortcut = (lua, thread, count) => {
  if (count !== 1) return false;
  if (isNumber(lua, thread, 1)) {
    lua.lua_pushnumber(thread, lua.lua_tonumber(thread, 1) + 0);
    return true;
  }
  if (lua.lua_type(thread, 1) !== lua.LUA_TSTRING) return false;
  const text = bytesAt(lua, thread, 1);
  if (!plainDigits.test(text)) return false;
  lua.lua_pushnumber(thread, Number(text));
  return true;
};

const ofOne =
  (compute: (value: number) => number): Shortcut =>
  (lua, thread, count) => {
    if (count !== 1 || !isNumber(lua, thread, 1)) return false;
    lua.lua_pushnumber(thread, compute(lua.lua_tonumber(thread, 1)) + 0);
    return true;
  };

const ofTwo =
  (compute: (left: number, right: number) => number): Shortcut =>
  (lua, thread, count) => {
    if (count !== 2 || !isNumber(lua, thread, 1) || !isNumber(lua, thread, 2)) return false;
    lua.lua_pushnumber(thread, compute(lua.lua_tonumber(thread, 1), lua.lua_tonumber(thread, 2)) + 0);
    return true;
  };

/** From here on JavaScript writes an exponent. */
const FIRST_WITH_EXPONENT = 1e21;

const formatWhole: Shortcut = (lua, thread, count) => {
  if (count !== 2 || !isNumber(lua, thread, 2) || lua.lua_type(thread, 1) !== lua.LUA_TSTRING) return false;
  const number = lua.lua_tonumber(thread, 2);
  if (!(number >= 0 && number < FIRST_WITH_EXPONENT) || bytesAt(lua, thread, 1) !== "%.0f") return false;
  lua.lua_pushstring(thread, luaString(number.toFixed(0)));
  return true;
};

/** Lua's own comparisons, which say of a number that is none that it is not less. */
const ofLibraries: Record<string, Record<string, Shortcut>> = {
  math: {
    floor: ofOne(Math.floor),
    ceil: ofOne(Math.ceil),
    max: ofTwo((left, right) => (left < right ? right : left)),
    min: ofTwo((left, right) => (right < left ? right : left)),
  },
  string: { format: formatWhole },
};
