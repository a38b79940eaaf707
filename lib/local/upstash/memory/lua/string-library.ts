/**
 * Owns Lua 5.1's `string`, which is also what a method of a string is looked up in. Bytes throughout; letters are ASCII's.
 * Guarded against change, so that all engines share it. Fails closed in Lua's words.
 */
import type { Bytes } from "../../bytes";
import { stringMethods } from "./indexing";
import { optionalWholeAt, textAt, wholeAt } from "./library-arguments";
import { badArgument, LuaError } from "./lua-errors";
import { type LuaResult, type LuaValue, many } from "./lua-values";
import { patternLibrary } from "./pattern-library";
import { format } from "./string-format";

/** A negative position counts from the end. */
const position = (at: number, text: Bytes): number => (at < 0 ? Math.max(text.length + at + 1, 0) : at);

/** Longer than any that a script can mean. */
const LONGEST = 2 ** 29;

const functions = {
  ...patternLibrary,
  format,
  byte(...values: LuaValue[]): LuaResult {
    const text = textAt(values, 0, "byte");
    const from = position(optionalWholeAt(values, 1, "byte", 1), text);
    const to = Math.min(position(optionalWholeAt(values, 2, "byte", from), text), text.length);
    const start = Math.max(from, 1);
    if (start === to) return text.charCodeAt(start - 1);
    return many(
      Array.from({ length: Math.max(to - start + 1, 0) }, (_, at) => text.charCodeAt(start - 1 + at)),
    );
  },
  char(...values: LuaValue[]): LuaResult {
    const codes = values.map((_, at) => {
      const code = wholeAt(values, at, "char");
      if (code < 0 || code > 255) throw badArgument(at + 1, "char", "invalid value");
      return code;
    });
    return String.fromCharCode(...codes);
  },
  len: (...values: LuaValue[]): LuaResult => textAt(values, 0, "len").length,
  lower: (...values: LuaValue[]): LuaResult =>
    textAt(values, 0, "lower").replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  rep(...values: LuaValue[]): LuaResult {
    const text = textAt(values, 0, "rep");
    // Of 32 bits, as in C.
    const count = Math.max(wholeAt(values, 1, "rep") | 0, 0);
    if (text.length * count > LONGEST) throw new LuaError("resulting string too large");
    return text.repeat(count);
  },
  reverse: (...values: LuaValue[]): LuaResult =>
    Array.from(textAt(values, 0, "reverse"))
      .reverse()
      .join(""),
  sub(...values: LuaValue[]): LuaResult {
    const text = textAt(values, 0, "sub");
    const from = position(wholeAt(values, 1, "sub"), text);
    const to = position(optionalWholeAt(values, 2, "sub", -1), text);
    return text.slice(Math.max(from, 1) - 1, Math.max(to, 0));
  },
  upper: (...values: LuaValue[]): LuaResult =>
    textAt(values, 0, "upper").replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
};

for (const [name, implementation] of Object.entries(functions)) stringMethods.set(name, implementation);
stringMethods.isReadOnly = true;

export const stringLibrary = stringMethods;
