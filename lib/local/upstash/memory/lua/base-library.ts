/**
 * Owns the functions of Lua 5.1 that stand alone, without those that reach other code or the machine: there is no `load`,
 * no `getfenv`, no coroutine, no `collectgarbage`. `pcall` hands on the text of a command's error, as Redis 7 does.
 * Fails closed in Lua's words.
 */
import { callable, metamethod, metatableOf, setRaw } from "./indexing";
import { anyAt, numberAt, optionalWholeAt, tableAt, textAt, unexpected, wholeAt } from "./library-arguments";
import { asLuaError, badArgument, calledBack, LuaError } from "./lua-errors";
import { LuaTable } from "./lua-table";
import { first, isTrue, type LuaResult, type LuaValue, many, noResult, spread, typeName } from "./lua-values";
import { numberText } from "./number-text";
import { toNumber, toText } from "./operators";

const names = new WeakMap<object, number>();
let nameCount = 0;

/** Tables and functions are told apart by a number, where Lua writes an address. */
function numbered(value: object): string {
  let number = names.get(value);
  if (number === undefined) {
    nameCount += 1;
    number = nameCount;
    names.set(value, number);
  }
  return `0x${number.toString(16).padStart(12, "0")}`;
}

export function textOf(value: LuaValue): LuaValue {
  const handler = metamethod(value, "__tostring");
  if (handler !== undefined) return first(callable(handler)(value));
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return numberText(value);
    case "function":
    case "object":
      return `${typeName(value)}: ${numbered(value)}`;
    default:
      return value === undefined ? "nil" : String(value);
  }
}

function toNumberBase(values: readonly LuaValue[]): LuaValue {
  const base = wholeAt(values, 1, "tonumber");
  const text = textAt(values, 0, "tonumber");
  if (base < 2 || base > 36) throw badArgument(2, "tonumber", "base out of range");
  const [, sign, digits = ""] = /^[ \t\n\v\f\r]*([+-]?)([0-9a-z]+)[ \t\n\v\f\r]*$/i.exec(text) ?? [];
  const read = base === 16 ? digits.replace(/^0x/i, "") : digits;
  const places = Array.from(read, (digit) => Number.parseInt(digit, 36));
  if (places.length === 0 || places.some((place) => place >= base)) return undefined;
  const number = places.reduce((sum, place) => sum * base + place, 0);
  // C wraps it.
  return sign === "-" && number > 0 ? 2 ** 64 - number : number;
}

const nextItem = (table: LuaValue, position: LuaValue): LuaResult => {
  const at = numberAt([table, position], 1, "ipairs") + 1;
  const value = tableAt([table], 0, "ipairs").get(at);
  return value === undefined ? undefined : [at, value];
};

const next = (...values: LuaValue[]): LuaResult => tableAt(values, 0, "next").next(values[1]);

/** The most results of one call. */
const MOST_RESULTS = 8000;

function protectedCall(
  called: LuaValue,
  values: LuaValue[],
  handle: (problem: LuaValue) => LuaResult,
): LuaResult {
  try {
    return [true, ...spread(callable(called)(...values))];
  } catch (error) {
    const raised = asLuaError(error);
    if (raised === undefined) throw error;
    return [false, ...spread(handle(raised.line === 0 ? unnamed(raised.value) : raised.value))];
  }
}

/** A library function that is called by no line of a script has no name there. */
const unnamed = (problem: LuaValue): LuaValue =>
  typeof problem === "string" ? problem.replace(/^(bad argument #\d+ to )'\w+'/, "$1'?'") : problem;

function errorText(problem: LuaValue): LuaValue {
  const text = problem instanceof LuaTable ? problem.named("err") : undefined;
  return typeof text === "string" ? text : problem;
}

export const baseLibrary = {
  assert(...values: LuaValue[]): LuaResult {
    if (isTrue(anyAt(values, 0, "assert"))) return many(values);
    throw new LuaError(values[1] === undefined ? "assertion failed!" : textAt(values, 1, "assert"));
  },
  error(...values: LuaValue[]): LuaResult {
    const level = optionalWholeAt(values, 1, "error", 1);
    throw new LuaError(toText(values[0]) ?? values[0], level);
  },
  getmetatable(...values: LuaValue[]): LuaResult {
    const metatable = metatableOf(anyAt(values, 0, "getmetatable"));
    return metatable?.named("__metatable") ?? metatable;
  },
  ipairs: (...values: LuaValue[]): LuaResult => [nextItem, tableAt(values, 0, "ipairs"), 0],
  next,
  pairs: (...values: LuaValue[]): LuaResult => [next, tableAt(values, 0, "pairs"), undefined],
  pcall(...values: LuaValue[]): LuaResult {
    const [called, ...handed] = [anyAt(values, 0, "pcall"), ...values.slice(1)];
    return protectedCall(called, handed, errorText);
  },
  rawequal: (...values: LuaValue[]): LuaResult =>
    anyAt(values, 0, "rawequal") === anyAt(values, 1, "rawequal"),
  rawget: (...values: LuaValue[]): LuaResult => tableAt(values, 0, "rawget").get(anyAt(values, 1, "rawget")),
  rawset(...values: LuaValue[]): LuaResult {
    const table = tableAt(values, 0, "rawset");
    const [key, value] = [anyAt(values, 1, "rawset"), anyAt(values, 2, "rawset")];
    calledBack(() => setRaw(table, key, value));
    return table;
  },
  select(...values: LuaValue[]): LuaResult {
    if (values[0] === "#") return values.length - 1;
    const from = wholeAt(values, 0, "select");
    const start = from < 0 ? values.length + from : from;
    if (start < 1) throw badArgument(1, "select", "index out of range");
    return many(values.slice(start));
  },
  setmetatable(...values: LuaValue[]): LuaResult {
    const table = tableAt(values, 0, "setmetatable");
    const metatable = values[1];
    if (values.length < 2 || !(metatable === undefined || metatable instanceof LuaTable)) {
      throw badArgument(2, "setmetatable", "nil or table expected");
    }
    if (table.metatable?.named("__metatable") !== undefined) {
      throw new LuaError("cannot change a protected metatable");
    }
    if (table.isReadOnly) calledBack(() => setRaw(table, 1, undefined));
    table.metatable = metatable;
    return table;
  },
  tonumber(...values: LuaValue[]): LuaResult {
    const value = anyAt(values, 0, "tonumber");
    return values[1] === undefined || values[1] === 10 ? toNumber(value) : toNumberBase(values);
  },
  tostring: (...values: LuaValue[]): LuaResult => textOf(anyAt(values, 0, "tostring")),
  type: (...values: LuaValue[]): LuaResult => typeName(anyAt(values, 0, "type")),
  unpack(...values: LuaValue[]): LuaResult {
    const table = tableAt(values, 0, "unpack");
    const from = optionalWholeAt(values, 1, "unpack", 1);
    const to = optionalWholeAt(values, 2, "unpack", table.length);
    const count = to - from + 1;
    if (count <= 0) return noResult;
    if (count + values.length > MOST_RESULTS) throw new LuaError("too many results to unpack");
    return many(Array.from({ length: count }, (_, at) => table.get(from + at)));
  },
  xpcall(...values: LuaValue[]): LuaResult {
    if (values.length < 2) throw unexpected(values, 1, "xpcall", "value");
    return protectedCall(values[0], [], (problem) => first(callable(values[1])(problem)));
  },
};
