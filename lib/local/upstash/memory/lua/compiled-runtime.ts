/**
 * Owns the names that a compiled script finds, beside what is handed to it: Lua's operations and nothing of JavaScript or of
 * this machine. It must hold no state, as every engine of the process runs the same compiled scripts. Cannot fail.
 */
import { callable, field, global, index, setGlobal, setIndex } from "./indexing";
import { LuaError, located } from "./lua-errors";
import { LuaTable } from "./lua-table";
import { first, isTrue, type LuaValue, many, noResult, nth, spread } from "./lua-values";
import {
  add,
  concatenate,
  divide,
  isAtLeast,
  isAtMost,
  isEqual,
  isLess,
  isMore,
  length,
  multiply,
  negate,
  power,
  remainder,
  subtract,
  toNumber,
} from "./operators";

/** The value, after what stands beside it was done. */
const at = <Value>(value: Value, _line: number): Value => value;

const emptyTable = (): LuaTable => new LuaTable();
const tableOfList = (items: LuaValue[]): LuaTable => new LuaTable(items);

const nextValue = Symbol("the next position");
const lastValues = Symbol("all that follow are values");

/** Keys and values in turn; a mark stands for a key. Where a key names a position of the list, the list wins, as in Lua. */
function tableOfFields(...parts: (LuaValue | symbol)[]): LuaTable {
  const items: LuaValue[] = [];
  const keyed: [LuaValue, LuaValue][] = [];
  for (let place = 0; place < parts.length; place += 2) {
    const key = parts[place];
    if (key === lastValues) items.push(...parts.slice(place + 1).map(plain));
    if (key === lastValues) break;
    const value = plain(parts[place + 1]);
    if (typeof key === "symbol") items.push(value);
    else keyed.push([key, value]);
  }
  const count = items.length;
  const table = new LuaTable(items);
  for (const [key, value] of keyed) {
    const isOfList = typeof key === "number" && Number.isInteger(key) && key >= 1 && key <= count;
    if (!isOfList) table.set(key, value);
  }
  return table;
}

const plain = (value: LuaValue | symbol): LuaValue => (typeof value === "symbol" ? undefined : value);

/** `what` is "initial", "limit" or "step". */
function loopNumber(value: LuaValue, what: string): number {
  const number = toNumber(value);
  if (number === undefined) {
    throw new LuaError(`'for' ${what === "initial" ? "initial value" : what} must be a number`);
  }
  return number;
}

export const compiledRuntime = {
  add,
  at,
  callable,
  concatenate,
  divide,
  emptyTable,
  field,
  first,
  global,
  index,
  isAtLeast,
  isAtMost,
  isEqual,
  isLess,
  isMore,
  isTrue,
  lastValues,
  length,
  located,
  loopNumber,
  many,
  multiply,
  negate,
  nextValue,
  noResult,
  nth,
  power,
  remainder,
  setGlobal,
  setIndex,
  spread,
  subtract,
  tableOfFields,
  tableOfList,
};
