/**
 * Owns where a number or a string is written otherwise by Lua 5.1 than by 5.3, as far as syntax shows it. 5.3 has
 * integers (of 32 bits in fengari, so that they wrap), writes 10 / 2 as 5.0, and refuses a fraction for `%d`; it knows more
 * escapes in strings and other classes in patterns. Pure; each answers the problem or undefined.
 */
import type { CallExpression, Expression } from "luaparse";

const largestInteger = 2_147_483_647;

export function refuseNumeral(raw: string): string | undefined {
  if (/^0x.*[.p]/i.test(raw)) return `${raw} is hexadecimal with a fraction, which 5.1 does not know`;
  const isInteger = /^(\d+|0x[0-9a-f]+)$/i.test(raw);
  return isInteger && Number(raw) > largestInteger
    ? `${raw} wraps where integers have 32 bits; write ${Number(raw)}.0`
    : undefined;
}

export function refuseString(raw: string): string | undefined {
  if (!/^["']/.test(raw)) return undefined;
  const escapes = raw.match(/\\[\s\S]/g) ?? [];
  const newer = escapes.find((each) => /^\\[xzu]$/.test(each));
  return newer === undefined ? undefined : `the escape ${newer} is read otherwise by 5.1; write \\ddd`;
}

/** Of what is joined by `..` or handed to `tostring` or `%s`. */
export function refuseJoined(joined: Expression): string | undefined {
  return isComputedNumber(joined)
    ? "a computed number becomes text, which 5.3 may end in .0; use string.format('%.0f', …)"
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
      return others.length > 0 ? "string.rep with a separator is 5.3's" : undefined;
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
  const whole = conversions.find((letter) => /[diuxXoc]/.test(letter));
  if (whole !== undefined) return `%${whole} refuses fractions and numbers beyond 32 bits in 5.3; use %.0f`;
  const unknown = conversions.find((letter) => !/[sqfeEgG]/.test(letter));
  if (unknown !== undefined) return `%${unknown} is not in both Luas`;
  return conversions
    .map((letter, at) => (letter === "s" ? values[at] : undefined))
    .map((value) => value && refuseJoined(value))
    .find((problem) => problem !== undefined);
}

function refusePattern(pattern: Expression | undefined): string | undefined {
  if (pattern?.type !== "StringLiteral") return undefined;
  const classes = pattern.value.match(/%./g) ?? [];
  const uncommon = classes.find((each) => /^%[gGzZ]$/.test(each));
  return uncommon === undefined ? undefined : `the class ${uncommon} is not in both Luas`;
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
