/** Types for the part of fengari 0.1.5 that the in-process engine uses; the package ships none (2026-11-22). */
declare module "fengari" {
  /** Opaque: a Lua thread and its stack. */
  export interface LuaState {
    readonly __luaState: unique symbol;
  }
  export type LuaString = Uint8Array;
  export type LuaFunction = (state: LuaState) => number;

  export const lua: {
    readonly LUA_OK: number;
    readonly LUA_MULTRET: number;
    readonly LUA_REGISTRYINDEX: number;
    readonly LUA_TNIL: number;
    readonly LUA_TBOOLEAN: number;
    readonly LUA_TNUMBER: number;
    readonly LUA_TSTRING: number;
    readonly LUA_TTABLE: number;
    readonly LUA_TLIGHTUSERDATA: number;
    lua_absindex(state: LuaState, index: number): number;
    lua_call(state: LuaState, argumentCount: number, resultCount: number): void;
    lua_checkstack(state: LuaState, slots: number): boolean;
    lua_createtable(state: LuaState, arraySize: number, hashSize: number): void;
    lua_dump(
      state: LuaState,
      write: (state: LuaState, bytes: Uint8Array, size: number, data: unknown) => number,
      data: unknown,
      strip: boolean,
    ): number;
    lua_error(state: LuaState): number;
    lua_getfield(state: LuaState, index: number, name: LuaString): number;
    lua_getglobal(state: LuaState, name: LuaString): number;
    lua_gettop(state: LuaState): number;
    lua_insert(state: LuaState, index: number): void;
    lua_isinteger(state: LuaState, index: number): boolean;
    lua_next(state: LuaState, index: number): number;
    lua_pcall(state: LuaState, argumentCount: number, resultCount: number, handler: number): number;
    lua_pop(state: LuaState, count: number): void;
    lua_pushboolean(state: LuaState, value: boolean): void;
    lua_pushcfunction(state: LuaState, value: LuaFunction): void;
    lua_pushlightuserdata(state: LuaState, value: unknown): void;
    lua_pushnil(state: LuaState): void;
    lua_pushnumber(state: LuaState, value: number): void;
    lua_pushstring(state: LuaState, value: LuaString): void;
    lua_pushvalue(state: LuaState, index: number): void;
    lua_rawgeti(state: LuaState, index: number, position: number): number;
    lua_rawseti(state: LuaState, index: number, position: number): void;
    lua_rawset(state: LuaState, index: number): void;
    lua_remove(state: LuaState, index: number): void;
    lua_replace(state: LuaState, index: number): void;
    lua_setfield(state: LuaState, index: number, name: LuaString): void;
    lua_setglobal(state: LuaState, name: LuaString): void;
    lua_settop(state: LuaState, index: number): void;
    lua_toboolean(state: LuaState, index: number): boolean;
    lua_tonumber(state: LuaState, index: number): number;
    lua_tostring(state: LuaState, index: number): LuaString | null;
    lua_touserdata(state: LuaState, index: number): unknown;
    lua_type(state: LuaState, index: number): number;
  };

  export const lauxlib: {
    luaL_loadbuffer(state: LuaState, source: LuaString, size: number, name: LuaString): number;
    luaL_newstate(): LuaState;
    luaL_ref(state: LuaState, table: number): number;
    luaL_requiref(state: LuaState, name: LuaString, open: LuaFunction, asGlobal: number): void;
    luaL_where(state: LuaState, level: number): void;
    luaL_unref(state: LuaState, table: number, reference: number): void;
  };

  export const lualib: {
    luaopen_base: LuaFunction;
    luaopen_table: LuaFunction;
    luaopen_string: LuaFunction;
    luaopen_math: LuaFunction;
  };
}
