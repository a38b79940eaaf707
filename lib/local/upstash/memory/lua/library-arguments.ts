/**
 * Owns reading what a script hands to a library function: numbers and texts count as each other, a position is truncated.
 * Positions of arguments count from 0 here and from 1 in the errors. Fails closed in Lua 5.1's words.
 */
import type { Bytes } from "../../bytes";
import { badArgument, type LuaError } from "./lua-errors";
import { LuaTable } from "./lua-table";
import { type LuaFunction, type LuaValue, typeName } from "./lua-values";
import { toNumber, toText } from "./operators";

export type Values = readonly LuaValue[];

export function textAt(values: Values, at: number, of: string): Bytes {
  const value = values[at];
  const text = typeof value === "string" ? value : toText(value);
  if (text === undefined) throw unexpected(values, at, of, "string");
  return text;
}

export function numberAt(values: Values, at: number, of: string): number {
  const value = values[at];
  const number = typeof value === "number" ? value : toNumber(value);
  if (number === undefined) throw unexpected(values, at, of, "number");
  return number;
}

export function wholeAt(values: Values, at: number, of: string): number {
  return Math.trunc(numberAt(values, at, of)) + 0;
}

/** nil counts as left out. */
export const optionalWholeAt = (values: Values, at: number, of: string, otherwise: number): number =>
  values[at] === undefined ? otherwise : wholeAt(values, at, of);

export function tableAt(values: Values, at: number, of: string): LuaTable {
  const value = values[at];
  if (value instanceof LuaTable) return value;
  throw unexpected(values, at, of, "table");
}

export function functionAt(values: Values, at: number, of: string): LuaFunction {
  const value = values[at];
  if (typeof value === "function") return value;
  throw unexpected(values, at, of, "function");
}

/** nil will do, but not nothing. */
export function anyAt(values: Values, at: number, of: string): LuaValue {
  if (at >= values.length) throw badArgument(at + 1, of, "value expected");
  return values[at];
}

export const unexpected = (values: Values, at: number, of: string, wanted: string): LuaError =>
  badArgument(
    at + 1,
    of,
    `${wanted} expected, got ${at < values.length ? typeName(values[at]) : "no value"}`,
  );
