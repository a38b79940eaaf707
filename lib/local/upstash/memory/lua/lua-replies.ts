/**
 * Owns the conversions between Redis replies and Lua values, which are Redis's own:
 * integer → number, nil → false, status → {ok=…}, error → {err=…}; and back: number → truncated integer,
 * false → nil, true → 1, a table up to its first nil. Fails closed on reply types that only RESP3 has.
 */
import { array, bytesReply, errorReply, integer, nil, type Reply } from "../../reply";
import { LuaTable } from "./lua-table";
import type { LuaValue } from "./lua-values";

export function luaOfReply(reply: Reply): LuaValue {
  switch (reply.kind) {
    case "integer":
      return reply.value;
    case "bytes":
      return reply.bytes;
    case "nil":
      return false;
    case "status":
      return tableOfText("ok", reply.text);
    case "error":
      return tableOfText("err", reply.text);
    case "array":
      return new LuaTable(reply.items.map(luaOfReply));
  }
}

/** A table of one text field, as `redis.status_reply` and `redis.error_reply` answer. */
export function tableOfText(name: string, text: string): LuaTable {
  const table = new LuaTable();
  table.set(name, text);
  return table;
}

export function replyOfLua(value: LuaValue): Reply {
  switch (typeof value) {
    case "string":
      return bytesReply(value);
    case "number":
      return replyOfNumber(value);
    case "boolean":
      return value ? integer(1) : nil;
    default:
      return value instanceof LuaTable ? replyOfTable(value) : nil;
  }
}

/** Redis casts what is not finite to whatever the processor makes of it; nobody can mean that. */
function replyOfNumber(value: number): Reply {
  if (!Number.isFinite(value)) return errorReply("ERR a script answered a number that is not finite");
  return integer(Math.trunc(value) + 0);
}

const resp3Fields = ["double", "map", "set", "big_number", "verbatim_string"];

function replyOfTable(table: LuaTable): Reply {
  if (table.hasOthers) {
    const named = replyOfFields(table);
    if (named !== undefined) return named;
  }
  const { items } = table;
  const end = items.indexOf(undefined);
  return array((end < 0 ? items : items.slice(0, end)).map(replyOfLua));
}

/** undefined for a list that happens to have other keys. */
function replyOfFields(table: LuaTable): Reply | undefined {
  const failure = table.named("err");
  if (typeof failure === "string") return errorReply(failure);
  const status = table.named("ok");
  if (typeof status === "string") return { kind: "status", text: status };
  const unknown = resp3Fields.find((name) => table.named(name) !== undefined);
  return unknown === undefined
    ? undefined
    : errorReply(`ERR the in-process engine has no '${unknown}' replies`);
}
