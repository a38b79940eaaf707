/**
 * Owns where Lua 5.1 takes a number or a text for something else than was meant, as far as syntax shows it: a number becomes
 * text with 14 digits, and what later Luas know in strings, formats and patterns it passes over without a word. Pure; each
 * answers the problem or undefined.
 */
import type { CallExpression, Expression } from "luaparse";

export function refuseNumeral(raw: string): string | undefined {
  return /^0x.*[.p]/i.test(raw)
    ? `${raw} is hexadecimal with a fraction, which 5.1 does not promise`
    : undefined;
}

export function refuseString(raw: string): string | undefined {
  if (!/^["']/.test(raw)) return undefined;
  const escapes = raw.match(/\\[\s\S]/g) ?? [];
  const unknown = escapes.find((each) => !/^\\[abfnrtv\\"'\r\n\d]$/.test(each));
  return unknown === undefined ? undefined : `the escape ${unknown} is its letter to 5.1; write \\ddd`;
}

/** Of what is joined by `..` or handed to `tostring` or `%s`. */
export function refuseJoined(joined: Expression): string | undefined {
  return isComputedNumber(joined)
    ? "a computed number becomes text, with 14 digits at most; use string.format('%.0f', …)"
    : undefined;
}

function isComputedNumber(expression: Expression): boolean {
  switch (expression.type) {
    case "NumericLiteral":
      return !/^\d+$/.test(expression.raw);
    case "BinaryExpression":
      return ["+", "-", "*", "/", "%", "^"].includes(expression.operator);
    case "UnaryExpression":
      return expression.operator === "-" && isComputedNumber(expression.argument);
    case "LogicalExpression":
      return isComputedNumber(expression.left) || isComputedNumber(expression.right);
    case "CallExpression":
      return calledName(expression) === "tonumber" || calledName(expression).startsWith("math.");
    default:
      return false;
  }
}

export function refuseCall(call: CallExpression): string | undefined {
  const [first, second, ...others] = argumentsOf(call);
  switch (calledName(call)) {
    case "tostring":
      return first && refuseJoined(first);
    case "string.format":
      return refuseFormat(first, second === undefined ? others : [second, ...others]);
    case "string.rep":
      return others.length > 0 ? "string.rep with a separator is 5.2's" : undefined;
    case "string.find":
    case "string.match":
    case "string.gmatch":
    case "string.gsub":
      return refusePattern(second);
    default:
      return undefined;
  }
}

function refuseFormat(format: Expression | undefined, values: readonly Expression[]): string | undefined {
  if (format?.type !== "StringLiteral") return "the format is not to be read here; write it out";
  const conversions = [...format.value.matchAll(/%[-+ #0]*\d*(?:\.\d*)?(.)/g)]
    .map(([, letter = ""]) => letter)
    .filter((letter) => letter !== "%");
  const unknown = conversions.find((letter) => !/[sqfeEgGdiuxXoc]/.test(letter));
  if (unknown !== undefined) return `%${unknown} is not 5.1's`;
  return conversions
    .map((letter, at) => (letter === "s" ? values[at] : undefined))
    .map((value) => value && refuseJoined(value))
    .find((problem) => problem !== undefined);
}

function refusePattern(pattern: Expression | undefined): string | undefined {
  if (pattern?.type !== "StringLiteral") return undefined;
  const classes = pattern.value.match(/%./g) ?? [];
  const newer = classes.find((each) => /^%[gG]$/.test(each));
  return newer === undefined ? undefined : `the class ${newer} is its letter to 5.1`;
}

/** `name` or `library.name`, where a method is one of strings; "" for what is called otherwise. */
function calledName({ base }: CallExpression): string {
  if (base.type === "Identifier") return base.name;
  if (base.type !== "MemberExpression") return "";
  if (base.indexer === ":") return `string.${base.identifier.name}`;
  return base.base.type === "Identifier" ? `${base.base.name}.${base.identifier.name}` : "";
}

/** What a method is called on is its first argument. */
const argumentsOf = ({ base, arguments: given }: CallExpression): readonly Expression[] =>
  base.type === "MemberExpression" && base.indexer === ":" ? [base.base, ...given] : given;
