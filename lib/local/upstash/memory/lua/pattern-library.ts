/**
 * Owns the string functions that take a pattern: find, match, gmatch, gsub, as Lua 5.1 walks through a text with them; in
 * `gmatch` a `^` is a character like any other there. Fails closed in Lua's words.
 */
import type { Bytes } from "../../bytes";
import { index } from "./indexing";
import { optionalWholeAt, textAt } from "./library-arguments";
import { badArgument, calledBack, LuaError } from "./lua-errors";
import { Matcher } from "./lua-patterns";
import { LuaTable } from "./lua-table";
import { first, isTrue, type LuaResult, type LuaValue, many, typeName } from "./lua-values";
import { toText } from "./operators";

const special = /[\^$*+?.([%-]/;

function search(values: readonly LuaValue[], of: "find" | "match"): LuaResult {
  const text = textAt(values, 0, of);
  const pattern = textAt(values, 1, of);
  const from = startOf(optionalWholeAt(values, 2, of, 1), text);
  if (of === "find" && (isTrue(values[3]) || !special.test(pattern))) {
    const found = text.indexOf(pattern, from);
    return found < 0 ? undefined : [found + 1, found + pattern.length];
  }
  const isAnchored = pattern.startsWith("^");
  const matcher = new Matcher(text, pattern);
  for (let start = from; start <= text.length; start += 1) {
    const end = matcher.match(start, isAnchored ? 1 : 0);
    if (end >= 0) {
      return of === "find"
        ? [start + 1, end, ...matcher.ownCaptures(start, end)]
        : many(matcher.captures(start, end));
    }
    if (isAnchored) return undefined;
  }
  return undefined;
}

/** From 0, within the text; a negative one counts from its end. */
function startOf(position: number, text: Bytes): number {
  const from = position < 0 ? text.length + position : position - 1;
  return Math.min(Math.max(from, 0), text.length);
}

function gmatch(...values: LuaValue[]): LuaResult {
  const matcher = new Matcher(textAt(values, 0, "gmatch"), textAt(values, 1, "gmatch"));
  let from = 0;
  return () => {
    for (let start = from; start <= matcher.text.length; start += 1) {
      const end = matcher.match(start, 0);
      if (end < 0) continue;
      from = end === start ? end + 1 : end;
      return many(matcher.captures(start, end));
    }
    return undefined;
  };
}

type Replace = (matcher: Matcher, start: number, end: number) => Bytes;

function gsub(...values: LuaValue[]): LuaResult {
  const text = textAt(values, 0, "gsub");
  const pattern = textAt(values, 1, "gsub");
  const replace = replacement(values);
  const most = optionalWholeAt(values, 3, "gsub", text.length + 1);
  const isAnchored = pattern.startsWith("^");
  const matcher = new Matcher(text, pattern);
  let [result, count, at] = ["", 0, 0];
  while (count < most) {
    const end = matcher.match(at, isAnchored ? 1 : 0);
    if (end >= 0) {
      count += 1;
      result += replace(matcher, at, end);
    }
    if (end > at) at = end;
    else if (at < text.length) {
      result += text[at];
      at += 1;
    } else break;
    if (isAnchored) break;
  }
  return [result + text.slice(at), count];
}

function replacement(values: readonly LuaValue[]): Replace {
  const given = values[2];
  if (typeof given === "function") {
    return (matcher, start, end) => {
      const captures = matcher.captures(start, end);
      const answered = calledBack(() => first(given(...captures)));
      return replaced(matcher, start, end, answered);
    };
  }
  if (given instanceof LuaTable) {
    return (matcher, start, end) => {
      const capture = matcher.capture(0, start, end);
      const found = calledBack(() => index(given, capture));
      return replaced(matcher, start, end, found);
    };
  }
  const template = toText(given);
  if (template === undefined) throw badArgument(3, "gsub", "string/function/table expected");
  return (matcher, start, end) => filled(template, matcher, start, end);
}

/** `%0` is the whole, `%1` a capture, and any other character after `%` itself. */
function filled(template: Bytes, matcher: Matcher, start: number, end: number): Bytes {
  return template.replace(/%([\s\S]?)/g, (_, letter: string) => {
    if (letter === "0") return matcher.text.slice(start, end);
    if (!/^\d$/.test(letter)) return letter;
    return toText(matcher.capture(Number(letter) - 1, start, end)) ?? "";
  });
}

/** nil and false leave what was there. */
function replaced({ text }: Matcher, start: number, end: number, value: LuaValue): Bytes {
  if (!isTrue(value)) return text.slice(start, end);
  const written = toText(value);
  if (written === undefined) throw new LuaError(`invalid replacement value (a ${typeName(value)})`);
  return written;
}

export const patternLibrary = {
  find: (...values: LuaValue[]): LuaResult => search(values, "find"),
  match: (...values: LuaValue[]): LuaResult => search(values, "match"),
  gmatch,
  gsub,
};
