/** Owns Lua 5.1's `table`. Guarded against change, so that all engines share it. Fails closed in Lua's words. */

import { setRaw } from "./indexing";
import { functionAt, optionalWholeAt, tableAt, textAt, wholeAt } from "./library-arguments";
import { LuaError } from "./lua-errors";
import { LuaTable } from "./lua-table";
import { type LuaResult, type LuaValue, noResult, typeName } from "./lua-values";
import { toText } from "./operators";
import { sort } from "./table-sort";

const functions = {
  concat(...values: LuaValue[]): LuaResult {
    const table = tableAt(values, 0, "concat");
    const separator = values[1] === undefined ? "" : textAt(values, 1, "concat");
    const from = optionalWholeAt(values, 2, "concat", 1);
    const to = optionalWholeAt(values, 3, "concat", table.length);
    let joined = "";
    for (let at = from; at <= to; at += 1) {
      const text = toText(table.get(at));
      if (text === undefined) {
        throw new LuaError(`invalid value (${typeName(table.get(at))}) at index ${at} in table for 'concat'`);
      }
      joined += at < to ? text + separator : text;
    }
    return joined;
  },
  insert(...values: LuaValue[]): LuaResult {
    const table = tableAt(values, 0, "insert");
    const end = table.length + 1;
    if (values.length === 2) setRaw(table, end, values[1]);
    else if (values.length === 3) {
      const position = wholeAt(values, 1, "insert");
      for (let at = Math.max(end, position); at > position; at -= 1) setRaw(table, at, table.get(at - 1));
      setRaw(table, position, values[2]);
    } else throw new LuaError("wrong number of arguments to 'insert'");
    return noResult;
  },
  remove(...values: LuaValue[]): LuaResult {
    const table = tableAt(values, 0, "remove");
    const end = table.length;
    const position = optionalWholeAt(values, 1, "remove", end);
    if (position < 1 || position > end) return noResult;
    const removed = table.get(position);
    for (let at = position; at < end; at += 1) setRaw(table, at, table.get(at + 1));
    setRaw(table, end, undefined);
    return removed;
  },
  sort(...values: LuaValue[]): LuaResult {
    const table = tableAt(values, 0, "sort");
    sort(table, values[1] === undefined ? undefined : functionAt(values, 1, "sort"));
    return noResult;
  },
};

export const tableLibrary = LuaTable.of(functions);
tableLibrary.isReadOnly = true;
