/**
 * Owns `cjson.encode` and `cjson.decode` as lua-cjson 2.1 with Redis's settings has them: numbers with 14 digits,
 * an empty table is an object, `null` is a value of its own, "/" is escaped, a sparse array is refused.
 * Fails closed: what cannot be converted raises a Lua error.
 */
import { type Bytes, bytesFromText, textFromBytes } from "../../bytes";
import { LuaError } from "./lua-errors";
import { LuaTable } from "./lua-table";
import { LuaNull, type LuaValue, typeName } from "./lua-values";
import { formatGeneral } from "./number-text";

/** What `cjson.null` is: a value that equals only itself. */
export const jsonNull = new LuaNull();
const deepestNesting = 1000;

/** What the JSON text means. */
export function decode(text: Bytes): LuaValue {
  let value: unknown;
  try {
    value = JSON.parse(textFromBytes(text));
  } catch {
    throw new LuaError("Expected value but found invalid token");
  }
  return luaOf(value);
}

function luaOf(value: unknown): LuaValue {
  if (typeof value === "string") return bytesFromText(value);
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (value === null || typeof value !== "object") return jsonNull;
  if (Array.isArray(value)) return new LuaTable(value.map(luaOf));
  const table = new LuaTable();
  for (const [key, item] of Object.entries(value)) table.set(bytesFromText(key), luaOf(item));
  return table;
}

/** The JSON text of the value, as Redis bytes. */
export function encode(value: LuaValue, depth = 0): Bytes {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
      return encodeNumber(value);
    case "boolean":
      return String(value);
    case "undefined":
      return "null";
    default:
      if (value === jsonNull) return "null";
      if (value instanceof LuaTable) return encodeTable(value, depth + 1);
      throw new LuaError(`Cannot serialise ${typeName(value)}: type not supported`);
  }
}

function encodeNumber(value: number): Bytes {
  if (Number.isFinite(value)) return formatGeneral(value, 14);
  throw new LuaError("Cannot serialise number: must not be NaN or Inf");
}

function encodeTable(table: LuaTable, depth: number): Bytes {
  if (depth > deepestNesting) throw new LuaError("Cannot serialise, excessive depth (1001)");
  const entries: { key: string | number; text: Bytes }[] = [];
  for (let entry = table.next(undefined); entry !== undefined; entry = table.next(entry[0])) {
    entries.push({ key: keyOf(entry[0]), text: encode(entry[1], depth) });
  }
  const length = arrayLength(entries.map(({ key }) => key));
  if (length === undefined) {
    return `{${entries.map(({ key, text }) => `${quote(keyText(key))}:${text}`).join(",")}}`;
  }
  const texts = new Map(entries.map(({ key, text }) => [key, text]));
  return `[${Array.from({ length }, (_, at) => texts.get(at + 1) ?? "null").join(",")}]`;
}

function keyOf(key: LuaValue): string | number {
  if (typeof key === "number" || typeof key === "string") return key;
  throw new LuaError("Cannot serialise table: table key must be a number or string");
}

const keyText = (key: string | number): Bytes => (typeof key === "number" ? formatGeneral(key, 14) : key);

/** undefined for an object: an empty table, or one with a key that is no positive whole number. */
function arrayLength(keys: readonly (string | number)[]): number | undefined {
  if (keys.length === 0) return undefined;
  let length = 0;
  for (const key of keys) {
    if (typeof key !== "number" || !Number.isInteger(key) || key < 1) return undefined;
    length = Math.max(length, key);
  }
  if (length > 10 && length > keys.length * 2) {
    throw new LuaError("Cannot serialise table: excessively sparse array");
  }
  return length;
}

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "/": "\\/",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
};

function quote(bytes: Bytes): Bytes {
  const escaped = Array.from(bytes, (character) => {
    const code = character.charCodeAt(0);
    if (code < 32 || code === 127) {
      return shortEscapes[character] ?? `\\u${code.toString(16).padStart(4, "0")}`;
    }
    return shortEscapes[character] ?? character;
  });
  return `"${escaped.join("")}"`;
}
