/**
 * Owns Lua's operators on numbers and texts, and through metatables on tables. What compiled scripts call at every step,
 * so each takes the usual case first. `left` and `right` names are what the operands are called in the script, for errors.
 * Fails closed in Lua 5.1's words.
 */
import type { Bytes } from "../../bytes";
import { callable, metamethod } from "./indexing";
import { LuaError, wrongType } from "./lua-errors";
import { LuaTable } from "./lua-table";
import { first, isTrue, type LuaValue, typeName } from "./lua-values";
import { numberOf, numberText } from "./number-text";

/** undefined for what does not count as a number. */
export function toNumber(value: LuaValue): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" ? numberOf(value) : undefined;
}

/** undefined for what does not count as text. */
export function toText(value: LuaValue): Bytes | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" ? numberText(value) : undefined;
}

export const add = (left: LuaValue, right: LuaValue, leftName?: string, rightName?: string): LuaValue =>
  typeof left === "number" && typeof right === "number"
    ? left + right
    : arithmetic("__add", left, right, leftName, rightName);

export const subtract = (left: LuaValue, right: LuaValue, leftName?: string, rightName?: string): LuaValue =>
  typeof left === "number" && typeof right === "number"
    ? left - right
    : arithmetic("__sub", left, right, leftName, rightName);

export const multiply = (left: LuaValue, right: LuaValue, leftName?: string, rightName?: string): LuaValue =>
  typeof left === "number" && typeof right === "number"
    ? left * right
    : arithmetic("__mul", left, right, leftName, rightName);

export const divide = (left: LuaValue, right: LuaValue, leftName?: string, rightName?: string): LuaValue =>
  typeof left === "number" && typeof right === "number"
    ? left / right
    : arithmetic("__div", left, right, leftName, rightName);

export const remainder = (left: LuaValue, right: LuaValue, leftName?: string, rightName?: string): LuaValue =>
  arithmetic("__mod", left, right, leftName, rightName);

export const power = (left: LuaValue, right: LuaValue, leftName?: string, rightName?: string): LuaValue =>
  arithmetic("__pow", left, right, leftName, rightName);

export const negate = (value: LuaValue, name?: string): LuaValue =>
  typeof value === "number" ? -value : arithmetic("__unm", value, value, name, name);

const computations = {
  __add: (left: number, right: number) => left + right,
  __sub: (left: number, right: number) => left - right,
  __mul: (left: number, right: number) => left * right,
  __div: (left: number, right: number) => left / right,
  /** Lua's own formula, which has the sign of the divisor. */
  __mod: (left: number, right: number) => left - Math.floor(left / right) * right,
  __pow: (left: number, right: number) => raise(left, right),
  __unm: (value: number) => -value,
};

/** C takes 1 to any power as 1, and -1 to an infinite one. */
export function raise(base: number, exponent: number): number {
  const isOne = base === 1 || (base === -1 && Math.abs(exponent) === Infinity);
  return isOne ? 1 : base ** exponent;
}

function arithmetic(
  event: keyof typeof computations,
  left: LuaValue,
  right: LuaValue,
  leftName: string | undefined,
  rightName: string | undefined,
): LuaValue {
  const a = toNumber(left);
  const b = toNumber(right);
  if (a !== undefined && b !== undefined) return computations[event](a, b);
  const handler = metamethod(left, event) ?? metamethod(right, event);
  if (handler !== undefined) return first(callable(handler)(left, right));
  throw a === undefined
    ? wrongType("perform arithmetic on", left, leftName)
    : wrongType("perform arithmetic on", right, rightName);
}

export function concatenate(
  left: LuaValue,
  right: LuaValue,
  leftName?: string,
  rightName?: string,
): LuaValue {
  if (typeof left === "string" && typeof right === "string") return left + right;
  const [a, b] = [toText(left), toText(right)];
  if (a !== undefined && b !== undefined) return a + b;
  const handler = metamethod(left, "__concat") ?? metamethod(right, "__concat");
  if (handler !== undefined) return first(callable(handler)(left, right));
  throw a === undefined
    ? wrongType("concatenate", left, leftName)
    : wrongType("concatenate", right, rightName);
}

export function length(value: LuaValue, name?: string): LuaValue {
  if (typeof value === "string") return value.length;
  if (value instanceof LuaTable) return value.length;
  throw wrongType("get length of", value, name);
}

export const isEqual = (left: LuaValue, right: LuaValue): boolean =>
  left === right ||
  (left instanceof LuaTable && right instanceof LuaTable && isEqualByMetatables(left, right));

function isEqualByMetatables(left: LuaTable, right: LuaTable): boolean {
  const handler = commonMetamethod(left, right, "__eq");
  return handler !== undefined && isTrue(first(callable(handler)(left, right)));
}

export const isLess = (left: LuaValue, right: LuaValue): boolean =>
  typeof left === "number" && typeof right === "number" ? left < right : isLessOtherwise(left, right);

function isLessOtherwise(left: LuaValue, right: LuaValue): boolean {
  if (typeof left === "string" && typeof right === "string") return left < right;
  const handler = commonMetamethod(left, right, "__lt");
  if (handler === undefined) throw notComparable(left, right);
  return isTrue(first(callable(handler)(left, right)));
}

export const isAtMost = (left: LuaValue, right: LuaValue): boolean =>
  typeof left === "number" && typeof right === "number" ? left <= right : isAtMostOtherwise(left, right);

function isAtMostOtherwise(left: LuaValue, right: LuaValue): boolean {
  if (typeof left === "string" && typeof right === "string") return left <= right;
  const handler = commonMetamethod(left, right, "__le");
  if (handler !== undefined) return isTrue(first(callable(handler)(left, right)));
  const opposite = commonMetamethod(right, left, "__lt");
  if (opposite === undefined) throw notComparable(left, right);
  return !isTrue(first(callable(opposite)(right, left)));
}

/** As `isLess` the other way round; the operands stand in the order in which they are computed. */
export const isMore = (left: LuaValue, right: LuaValue): boolean =>
  typeof left === "number" && typeof right === "number" ? left > right : isLessOtherwise(right, left);

export const isAtLeast = (left: LuaValue, right: LuaValue): boolean =>
  typeof left === "number" && typeof right === "number" ? left >= right : isAtMostOtherwise(right, left);

/** Comparisons ask only a function that both sides have. */
function commonMetamethod(left: LuaValue, right: LuaValue, event: string): LuaValue {
  const handler = metamethod(left, event);
  return handler !== undefined && handler === metamethod(right, event) ? handler : undefined;
}

function notComparable(left: LuaValue, right: LuaValue): LuaError {
  const [a, b] = [typeName(left), typeName(right)];
  return new LuaError(a === b ? `attempt to compare two ${a} values` : `attempt to compare ${a} with ${b}`);
}
