/**
 * Owns the two tables that a script finds: `redis` (call, pcall, status_reply, error_reply, sha1hex) and `cjson`
 * (encode, decode, null), with Redis's own behaviour on wrong arguments. Anything else that Redis offers there is
 * absent, and using it is an error. Fails closed: as Lua errors, never as JavaScript exceptions.
 */
import { createHash } from "node:crypto";
import type { Bytes } from "../../bytes";
import { errorReply, type Reply } from "../../reply";
import { decode, encode, jsonNull } from "./cjson";
import { textAt } from "./library-arguments";
import { badArgument, LuaError } from "./lua-errors";
import { luaOfReply, tableOfText } from "./lua-replies";
import { LuaTable } from "./lua-table";
import type { LuaResult, LuaValue } from "./lua-values";
import { formatGeneral } from "./number-text";

/** What `redis.call` does; it answers error replies and does not throw. */
export type CallCommand = (command: readonly Bytes[]) => Reply;

const noCommand = errorReply("ERR Please specify at least one argument for this redis lib call");
const noText = errorReply("ERR Lua redis lib command arguments must be strings or integers");
const wrongArguments = errorReply("ERR wrong number or type of arguments");

/** The global `redis`. */
export function redisTable(callCommand: CallCommand): LuaTable {
  const runCommand = (values: readonly LuaValue[]): Reply => {
    const command: Bytes[] = [];
    for (const value of values) {
      if (typeof value === "string") command.push(value);
      else if (typeof value === "number") command.push(formatGeneral(value, 17));
      else return noText;
    }
    return command.length === 0 ? noCommand : callCommand(command);
  };
  const table = LuaTable.of({
    call(...values: LuaValue[]): LuaResult {
      const reply = runCommand(values);
      if (reply.kind === "error") throw new LuaError(luaOfReply(reply));
      return luaOfReply(reply);
    },
    pcall: (...values: LuaValue[]): LuaResult => luaOfReply(runCommand(values)),
    status_reply(...values: LuaValue[]): LuaResult {
      const [text] = values;
      return isOneText(values, text) ? tableOfText("ok", text) : luaOfReply(wrongArguments);
    },
    error_reply(...values: LuaValue[]): LuaResult {
      const [given] = values;
      if (!isOneText(values, given)) return luaOfReply(wrongArguments);
      const text = given.replace(/^-/, "");
      return tableOfText("err", text.includes(" ") ? text : `ERR ${text}`);
    },
    sha1hex(...values: LuaValue[]): LuaResult {
      if (values.length !== 1) throw new LuaError(tableOfText("err", "ERR wrong number of arguments"));
      return createHash("sha1")
        .update(textAt(values, 0, "sha1hex"), "latin1")
        .digest("hex");
    },
  });
  table.isReadOnly = true;
  return table;
}

const isOneText = (values: readonly LuaValue[], text: LuaValue): text is Bytes =>
  values.length === 1 && typeof text === "string";

/** The global `cjson`, which all engines share. */
export const cjsonTable = LuaTable.of({
  encode(...values: LuaValue[]): LuaResult {
    if (values.length !== 1) throw badArgument(1, "encode", "expected 1 argument");
    return encode(values[0]);
  },
  decode(...values: LuaValue[]): LuaResult {
    if (values.length !== 1) throw badArgument(1, "decode", "expected 1 argument");
    return decode(textAt(values, 0, "decode"));
  },
  null: jsonNull,
});
cjsonTable.isReadOnly = true;
