/**
 * Owns the globals of one engine: Lua's libraries, `redis`, `cjson`, and KEYS and ARGV of the script that runs. They are
 * all that a script can reach. Closed as in Redis: no script makes or replaces one, by whatever way it gets at the table.
 * Fails closed: reading one that is not there is an error.
 */
import type { Bytes } from "../../bytes";
import { baseLibrary } from "./base-library";
import { unknownGlobal } from "./lua-errors";
import { LuaTable } from "./lua-table";
import type { LuaValue } from "./lua-values";
import { mathLibrary } from "./math-library";
import { toText } from "./operators";
import { type CallCommand, cjsonTable, redisTable } from "./script-tables";
import { stringLibrary } from "./string-library";
import { tableLibrary } from "./table-library";

const closed = LuaTable.of({
  __index(_table: LuaValue, name: LuaValue) {
    throw unknownGlobal(toText(name) ?? "");
  },
});
closed.isReadOnly = true;

export function openGlobals(callCommand: CallCommand): LuaTable {
  const globals = LuaTable.of({
    ...baseLibrary,
    string: stringLibrary,
    table: tableLibrary,
    math: mathLibrary,
    cjson: cjsonTable,
    redis: redisTable(callCommand),
  });
  globals.set("_G", globals);
  handIn(globals, [], []);
  globals.metatable = closed;
  globals.isReadOnly = true;
  return globals;
}

/** For the next script; the lists are its own, to do with as it likes. */
export function handIn(globals: LuaTable, keys: readonly Bytes[], args: readonly Bytes[]): void {
  globals.set("KEYS", new LuaTable([...keys]));
  globals.set("ARGV", new LuaTable([...args]));
}
