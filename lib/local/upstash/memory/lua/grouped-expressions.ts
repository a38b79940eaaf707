/**
 * Owns finding the calls and `...` that stand in parentheses of their own, where Lua makes one value of them. The parser does
 * not say so: its tokens do. Pure.
 */
import { type Node, parse, type Token } from "luaparse";
import type { Bytes } from "../../bytes";

/** What the parser is to be asked with, here and for the tree itself. */
export const parserOptions = {
  luaVersion: "5.1",
  // Bytes as characters: the parser wants to know what an escape in a string stands for.
  encodingMode: "pseudo-latin1",
  locations: true,
  ranges: true,
  comments: false,
} as const;

/** Which of these nodes of the source are shortened to one value. */
export function groupedExpressions(source: Bytes, nodes: readonly Node[]): ReadonlySet<Node> {
  const { opened, closed } = readParentheses(source);
  return new Set(
    nodes.filter((node) => {
      const [from, to] = rangeOf(node);
      return opened.has(from) && closed.has(to);
    }),
  );
}

/** The parser's types leave it out. */
const rangeOf = (node: Node): readonly unknown[] =>
  "range" in node && Array.isArray(node.range) ? node.range : [];

/** Where something begins right after a parenthesis that groups, and where something ends right before one. */
function readParentheses(source: Bytes): { opened: ReadonlySet<unknown>; closed: ReadonlySet<unknown> } {
  const opened = new Set<unknown>();
  const closed = new Set<unknown>();
  let before: Token | undefined;
  let last: Token | undefined;
  for (const token of tokensOf(source)) {
    if (isMark(last, "(") && !isCalled(before)) opened.add(token.range[0]);
    if (isMark(token, ")") && last !== undefined) closed.add(last.range[1]);
    before = last;
    last = token;
  }
  return { opened, closed };
}

/** The parser's own numbers. */
const [END, STRING, IDENTIFIER, PUNCTUATOR] = [1, 2, 8, 32];

const isMark = (token: Token | undefined, mark: string): boolean =>
  token?.type === PUNCTUATOR && token.value === mark;

/** A parenthesis behind it begins the arguments of a call. */
function isCalled(token: Token | undefined): boolean {
  if (token === undefined) return false;
  if (token.type === IDENTIFIER || token.type === STRING) return true;
  return token.type === PUNCTUATOR && [")", "]", "}"].includes(token.value);
}

function* tokensOf(source: Bytes): Generator<Token> {
  const parser = parse("", { ...parserOptions, wait: true });
  parser.write(source);
  for (let token = parser.lex(); token.type !== END; token = parser.lex()) yield token;
}
