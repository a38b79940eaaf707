/**
 * Owns loading fengari with the one setting that Redis's Lua needs: a float that is a whole number prints without
 * ".0" (`LUA_COMPAT_FLOATSTRING`), which fengari reads from the environment at its first import only.
 * Fails closed: if something loaded fengari before without it, scripts would write "1.0" where Redis writes "1".
 */
import type * as FengariModule from "fengari";

export type Fengari = Pick<typeof FengariModule, "lua" | "lauxlib" | "lualib">;

export async function loadFengari(): Promise<Fengari> {
  const before = process.env.FENGARICONF;
  process.env.FENGARICONF = JSON.stringify({ LUA_COMPAT_FLOATSTRING: true });
  try {
    const fengari = await import("fengari");
    assertWholeFloatsPrintPlainly(fengari);
    return fengari;
  } finally {
    if (before === undefined) delete process.env.FENGARICONF;
    else process.env.FENGARICONF = before;
  }
}

function assertWholeFloatsPrintPlainly({ lua, lauxlib }: Fengari): void {
  const state = lauxlib.luaL_newstate();
  lua.lua_pushnumber(state, 1);
  const text = Buffer.from(lua.lua_tostring(state, -1) ?? []).toString("latin1");
  if (text !== "1") {
    throw new Error(
      "fengari was imported before the in-process Redis could set it up. Start the local Upstash first, or set FENGARICONF.",
    );
  }
}
