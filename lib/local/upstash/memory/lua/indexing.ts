/**
 * Owns reading and writing `table[key]` and finding what a call calls: directly, through metatables, and for strings in the
 * string library, which are the only values with methods. Nothing of JavaScript can be reached this way: other values have
 * no fields at all. Fails closed in Lua 5.1's words.
 */
import { LuaError, readOnlyTable, unknownGlobal, wrongType } from "./lua-errors";
import { LuaTable } from "./lua-table";
import { first, type LuaFunction, type LuaValue } from "./lua-values";

/** What `("x"):upper()` finds; the string library fills it, and it is the same for every engine. */
export const stringMethods = new LuaTable();
/** What `getmetatable("")` answers. */
export const stringMetatable = LuaTable.of({ __index: stringMethods });
stringMetatable.isReadOnly = true;

export const metatableOf = (value: LuaValue): LuaTable | undefined => {
  if (value instanceof LuaTable) return value.metatable;
  return typeof value === "string" ? stringMetatable : undefined;
};

export const metamethod = (value: LuaValue, event: string): LuaValue => metatableOf(value)?.named(event);

/** `base[key]`; `name` is what the base is called in the script. */
export function index(base: LuaValue, key: LuaValue, name?: string): LuaValue {
  if (!(base instanceof LuaTable)) return indexOther(base, key, name);
  const value = base.get(key);
  return value !== undefined || base.metatable === undefined ? value : indexByMetatable(base, key);
}

/** `base.key`. */
export function field(base: LuaValue, key: string, name?: string): LuaValue {
  if (!(base instanceof LuaTable)) return indexOther(base, key, name);
  const value = base.named(key);
  return value !== undefined || base.metatable === undefined ? value : indexByMetatable(base, key);
}

function indexOther(base: LuaValue, key: LuaValue, name: string | undefined): LuaValue {
  if (typeof base === "string") return stringMethods.get(key);
  throw wrongType("index", base, name);
}

/** Longer ones are circles, says Lua. */
const LONGEST_CHAIN = 100;

function indexByMetatable(base: LuaTable, key: LuaValue): LuaValue {
  let at: LuaValue = base;
  for (let step = 0; step < LONGEST_CHAIN; step += 1) {
    if (!(at instanceof LuaTable)) return index(at, key);
    const value = at.get(key);
    const handler: LuaValue = at.metatable?.named("__index");
    if (value !== undefined || handler === undefined) return value;
    if (typeof handler === "function") return first(handler(at, key));
    at = handler;
  }
  throw new LuaError("loop in gettable");
}

export function setIndex(base: LuaValue, key: LuaValue, value: LuaValue, name?: string): void {
  if (!(base instanceof LuaTable)) throw wrongType("index", base, name);
  if (base.metatable !== undefined) setByMetatable(base, key, value);
  else setRaw(base, key, value);
}

export function setRaw(table: LuaTable, key: LuaValue, value: LuaValue): void {
  if (table.isReadOnly) throw readOnlyTable();
  table.set(key, value);
}

function setByMetatable(base: LuaTable, key: LuaValue, value: LuaValue): void {
  let at: LuaTable = base;
  for (let step = 0; step < LONGEST_CHAIN; step += 1) {
    const handler = at.get(key) === undefined ? at.metatable?.named("__newindex") : undefined;
    if (handler === undefined) {
      setRaw(at, key, value);
      return;
    }
    if (typeof handler === "function") {
      handler(at, key, value);
      return;
    }
    if (!(handler instanceof LuaTable)) throw wrongType("index", handler);
    at = handler;
  }
  throw new LuaError("loop in settable");
}

/**
 * What to call for `value`. For what cannot be called that is a function that throws, because Lua computes the arguments
 * before it says so.
 */
export const callable = (value: LuaValue, name?: string): LuaFunction =>
  typeof value === "function" ? value : callableOther(value, name);

function callableOther(value: LuaValue, name: string | undefined): LuaFunction {
  const handler = metamethod(value, "__call");
  if (typeof handler === "function") return (...values) => handler(value, ...values);
  return () => {
    throw wrongType("call", value, name);
  };
}

export function global(globals: LuaTable, name: string): LuaValue {
  const value = globals.named(name);
  if (value === undefined) throw unknownGlobal(name);
  return value;
}

/** Every assignment to a global ends here, after its value was computed. */
export function setGlobal(_value: LuaValue): never {
  throw readOnlyTable();
}
