/**
 * Owns matching Lua 5.1's patterns, as its own matcher does it: the same walk, so that every quirk of greediness, captures,
 * `%b` and `%f` is the same. It knows bytes only, and letters are ASCII's, as in Redis. It keeps nothing between two
 * matches. Fails closed in Lua's words for what is no pattern.
 */
import type { Bytes } from "../../bytes";
import { matchesClass } from "./character-classes";
import { LuaError } from "./lua-errors";
import type { LuaValue } from "./lua-values";

const MOST_CAPTURES = 32;
const UNFINISHED = -1;
const POSITION = -2;

interface Capture {
  start: number;
  length: number;
}

const code = (text: string): number => text.charCodeAt(0);
const [PERCENT, OPEN, CLOSE, DOLLAR] = [code("%"), code("("), code(")"), code("$")];
const [STAR, PLUS, MINUS, QUESTION] = [code("*"), code("+"), code("-"), code("?")];
const [BRACKET, BRACKET_END, CARET, DOT] = [code("["), code("]"), code("^"), code(".")];

export class Matcher {
  readonly #captures: Capture[] = [];

  constructor(
    readonly text: Bytes,
    readonly pattern: Bytes,
  ) {}

  /** Where the match that begins at `start` ends, or -1; the pattern is read from `from`. */
  match(start: number, from: number): number {
    this.#captures.length = 0;
    return this.#match(start, from);
  }

  /** How many captures the last match had; without any the whole counts as one. */
  get captureCount(): number {
    return Math.max(this.#captures.length, 1);
  }

  /** A text, or for `()` a position from 1. */
  capture(at: number, start: number, end: number): LuaValue {
    const capture = this.#captures[at];
    if (capture === undefined) {
      if (at === 0 && this.#captures.length === 0) return this.text.slice(start, end);
      throw new LuaError("invalid capture index");
    }
    if (capture.length === UNFINISHED) throw new LuaError("unfinished capture");
    if (capture.length === POSITION) return capture.start + 1;
    return this.text.slice(capture.start, capture.start + capture.length);
  }

  captures(start: number, end: number): LuaValue[] {
    const found: LuaValue[] = [];
    for (let at = 0; at < this.captureCount; at += 1) found.push(this.capture(at, start, end));
    return found;
  }

  /** None when the pattern has none. */
  ownCaptures(start: number, end: number): LuaValue[] {
    return this.#captures.length === 0 ? [] : this.captures(start, end);
  }

  /** A step at a time, until what is left has to be matched as a whole. */
  #match(start: number, from: number): number {
    let at = start;
    let p = from;
    while (p < this.pattern.length) {
      const special = this.#special(at, p);
      const end = special?.p ?? this.#classEnd(p);
      if (special === undefined && this.#isLastStep(p, end)) return this.#remaining(at, p, end);
      at = special?.at ?? this.#afterSingle(at, p, end);
      if (at < 0) return -1;
      p = end;
    }
    return at;
  }

  #afterSingle(at: number, p: number, end: number): number {
    return this.#isSingle(at, p, end) ? at + 1 : -1;
  }

  /** A capture, a repetition, or the end of the text. */
  #isLastStep(p: number, end: number): boolean {
    const character = this.pattern.charCodeAt(p);
    if (character === OPEN || character === CLOSE) return true;
    if (character === DOLLAR && end === this.pattern.length) return true;
    const repeat = this.pattern.charCodeAt(end);
    return repeat === STAR || repeat === PLUS || repeat === MINUS || repeat === QUESTION;
  }

  #remaining(at: number, p: number, end: number): number {
    const character = this.pattern.charCodeAt(p);
    if (character === OPEN) return this.#open(at, p);
    if (character === CLOSE) return this.#close(at, p + 1);
    switch (this.pattern.charCodeAt(end)) {
      case QUESTION:
        return this.#optional(at, p, end);
      case STAR:
        return this.#greedy(at, at, p, end);
      case PLUS:
        return this.#isSingle(at, p, end) ? this.#greedy(at + 1, at + 1, p, end) : -1;
      case MINUS:
        return this.#lazy(at, p, end);
      default:
        return at === this.text.length ? at : -1;
    }
  }

  /** `%b`, `%f` and `%1`; undefined for anything else. */
  #special(at: number, p: number): { at: number; p: number } | undefined {
    if (this.pattern.charCodeAt(p) !== PERCENT) return undefined;
    const letter = this.pattern[p + 1];
    if (letter === "b") return { at: this.#balanced(at, p + 2), p: p + 4 };
    if (letter === "f") return this.#frontier(at, p + 2);
    if (letter === undefined || letter < "0" || letter > "9") return undefined;
    return { at: this.#again(at, code(letter) - code("1")), p: p + 2 };
  }

  #optional(at: number, p: number, end: number): number {
    if (this.#isSingle(at, p, end)) {
      const found = this.#match(at + 1, end + 1);
      if (found >= 0) return found;
    }
    return this.#match(at, end + 1);
  }

  #greedy(least: number, from: number, p: number, end: number): number {
    let most = from;
    while (this.#isSingle(most, p, end)) most += 1;
    for (; most >= least; most -= 1) {
      const found = this.#match(most, end + 1);
      if (found >= 0) return found;
    }
    return -1;
  }

  #lazy(from: number, p: number, end: number): number {
    for (let at = from; ; at += 1) {
      const found = this.#match(at, end + 1);
      if (found >= 0) return found;
      if (!this.#isSingle(at, p, end)) return -1;
    }
  }

  #open(at: number, p: number): number {
    if (this.#captures.length >= MOST_CAPTURES) throw new LuaError("too many captures");
    const isPosition = this.pattern.charCodeAt(p + 1) === CLOSE;
    const depth = this.#captures.length;
    this.#captures.push({ start: at, length: isPosition ? POSITION : UNFINISHED });
    const found = this.#match(at, isPosition ? p + 2 : p + 1);
    if (found < 0) this.#captures.length = depth;
    return found;
  }

  #close(at: number, p: number): number {
    const capture = this.#captures.findLast(({ length }) => length === UNFINISHED);
    if (capture === undefined) throw new LuaError("invalid pattern capture");
    capture.length = at - capture.start;
    const found = this.#match(at, p);
    if (found < 0) capture.length = UNFINISHED;
    return found;
  }

  #balanced(at: number, p: number): number {
    if (p + 1 >= this.pattern.length) throw new LuaError("unbalanced pattern");
    const [begin, end] = [this.pattern.charCodeAt(p), this.pattern.charCodeAt(p + 1)];
    if (this.text.charCodeAt(at) !== begin) return -1;
    let depth = 1;
    for (let index = at + 1; index < this.text.length; index += 1) {
      const character = this.text.charCodeAt(index);
      if (character === end) {
        depth -= 1;
        if (depth === 0) return index + 1;
      } else if (character === begin) depth += 1;
    }
    return -1;
  }

  #frontier(at: number, p: number): { at: number; p: number } {
    if (this.pattern.charCodeAt(p) !== BRACKET) {
      throw new LuaError("missing '[' after '%f' in pattern");
    }
    const end = this.#classEnd(p);
    const before = at === 0 ? 0 : this.text.charCodeAt(at - 1);
    const after = at < this.text.length ? this.text.charCodeAt(at) : 0;
    const isHere = !this.#isInSet(before, p, end - 1) && this.#isInSet(after, p, end - 1);
    return { at: isHere ? at : -1, p: end };
  }

  #again(at: number, which: number): number {
    const capture = this.#captures[which];
    if (capture === undefined || capture.length === UNFINISHED) throw new LuaError("invalid capture index");
    if (capture.length === POSITION) return -1;
    const again = this.text.slice(capture.start, capture.start + capture.length);
    return this.text.startsWith(again, at) ? at + again.length : -1;
  }

  /** Where the class that begins at `p` has ended. */
  #classEnd(p: number): number {
    const character = this.pattern.charCodeAt(p);
    if (character === PERCENT) {
      if (p + 1 >= this.pattern.length) throw new LuaError("malformed pattern (ends with '%')");
      return p + 2;
    }
    if (character !== BRACKET) return p + 1;
    let at = this.pattern.charCodeAt(p + 1) === CARET ? p + 2 : p + 1;
    // The first may be a bracket that stands for itself.
    do {
      if (at >= this.pattern.length) throw new LuaError("malformed pattern (missing ']')");
      at += this.pattern.charCodeAt(at) === PERCENT && at + 1 < this.pattern.length ? 2 : 1;
    } while (this.pattern.charCodeAt(at) !== BRACKET_END);
    return at + 1;
  }

  #isSingle(at: number, p: number, end: number): boolean {
    if (at >= this.text.length) return false;
    const character = this.text.charCodeAt(at);
    switch (this.pattern.charCodeAt(p)) {
      case DOT:
        return true;
      case PERCENT:
        return matchesClass(character, this.pattern.charCodeAt(p + 1));
      case BRACKET:
        return this.#isInSet(character, p, end - 1);
      default:
        return this.pattern.charCodeAt(p) === character;
    }
  }

  /** The set begins at `p` with its bracket, and `last` is the bracket that ends it. */
  #isInSet(character: number, p: number, last: number): boolean {
    const isNegated = this.pattern.charCodeAt(p + 1) === CARET;
    return this.#hasMember(character, isNegated ? p + 2 : p + 1, last) !== isNegated;
  }

  #hasMember(character: number, from: number, last: number): boolean {
    const { pattern } = this;
    for (let at = from; at < last; at += 1) {
      const member = pattern.charCodeAt(at);
      if (member === PERCENT) {
        at += 1;
        if (matchesClass(character, pattern.charCodeAt(at))) return true;
      } else if (pattern.charCodeAt(at + 1) === MINUS && at + 2 < last) {
        at += 2;
        if (member <= character && character <= pattern.charCodeAt(at)) return true;
      } else if (member === character) return true;
    }
    return false;
  }
}
