/**
 * Owns what a Lua value is in JavaScript, and how a call's results travel: one result as itself, any other number of them
 * as a list, so that the common call makes no list. A list is never a value, so the two cannot be mixed up; nobody may
 * change a list that was handed over. Cannot fail.
 */
import type { Bytes } from "../../bytes";
import type { LuaTable } from "./lua-table";

/** nil is undefined; every number is a double, as in Lua 5.1; a string is its bytes. */
export type LuaValue = undefined | boolean | number | Bytes | LuaTable | LuaFunction | LuaNull;

/** One value, or the list of none or several. */
export type LuaResult = LuaValue | LuaValue[];

export type LuaFunction = (...values: LuaValue[]) => LuaResult;

/** A value that equals only itself and of which a script can read nothing, such as `cjson.null`. */
export class LuaNull {
  readonly name = "null";
}

export const noResult: LuaValue[] = [];

/** What a call is worth where one value is wanted. */
export const first = (result: LuaResult): LuaValue => (Array.isArray(result) ? result[0] : result);

/** Of the results, the one at `index` from 0. */
export const nth = (result: LuaResult, index: number): LuaValue => {
  if (Array.isArray(result)) return result[index];
  return index === 0 ? result : undefined;
};

export const spread = (result: LuaResult): LuaValue[] => (Array.isArray(result) ? result : [result]);

export const many = (values: LuaValue[]): LuaResult => (values.length === 1 ? values[0] : values);

/** Everything is true but nil and false. */
export const isTrue = (value: LuaValue): boolean => value !== undefined && value !== false;

/** As `type` says it. */
export function typeName(value: LuaValue): string {
  switch (typeof value) {
    case "undefined":
      return "nil";
    case "object":
      return value instanceof LuaNull ? "userdata" : "table";
    default:
      return typeof value;
  }
}
