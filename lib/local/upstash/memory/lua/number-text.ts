/**
 * Owns numbers as C writes and reads them: `%g` (17 digits where Redis hands a script's number to a command, 14 where Lua
 * makes text of it), `%f` and `%e`, and `strtod` with Lua's rules about what may stand around. JavaScript rounds a tie
 * up and C to the even digit, which is all that has to be put right. Cannot fail.
 */
import type { Bytes } from "../../bytes";

/** C's `%.<precision>g`. */
export function formatGeneral(value: number, precision: number, keepsZeros = false): string {
  if (!Number.isFinite(value)) return notFinite(value);
  // The common case, and the same text: a whole number of fewer digits than asked for.
  if (!keepsZeros && Number.isInteger(value) && Math.abs(value) < 10 ** Math.min(precision, 15)) {
    return Object.is(value, -0) ? "-0" : String(value);
  }
  const digits = Math.max(precision, 1);
  const scientific = formatExponent(value, digits - 1);
  const exponent = Number(scientific.slice(scientific.indexOf("e") + 1));
  const trim = keepsZeros ? (text: string) => text : trimZeros;
  if (exponent >= -4 && exponent < digits) return trim(formatFixed(value, digits - 1 - exponent));
  const [mantissa = "", written = ""] = scientific.split("e");
  return `${trim(mantissa)}e${written}`;
}

/** C's `%.<precision>e`. */
export function formatExponent(value: number, precision: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  const exact = Math.abs(value).toExponential(100);
  const [mantissa = "0", exponentText = "0"] = roundedExponent(Math.abs(value), precision, exact).split("e");
  const exponent = Number(exponentText);
  const written = `${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  return `${isNegative(value) ? "-" : ""}${mantissa}e${written}`;
}

function roundedExponent(value: number, precision: number, exact: string): string {
  const rounded = value.toExponential(precision);
  const [digits = "", exponent = "0"] = exact.split("e");
  // One digit, the point, and those that stay; a precision of none has no point.
  const kept = digits.slice(0, precision === 0 ? 1 : precision + 2);
  const isTie = /^\.?50*$/.test(digits.slice(kept.length));
  return isTie && /[02468]$/.test(kept) ? `${kept}e${exponent}` : rounded;
}

/** From here on JavaScript writes an exponent. */
const FIRST_WITH_EXPONENT = 1e21;

/** C's `%.<precision>f`. */
export function formatFixed(value: number, precision: number): string {
  if (precision === 0 && Number.isSafeInteger(value) && value !== 0) return String(value);
  if (!Number.isFinite(value)) return notFinite(value);
  return `${isNegative(value) ? "-" : ""}${fixed(Math.abs(value), precision)}`;
}

function fixed(value: number, precision: number): string {
  if (value >= FIRST_WITH_EXPONENT) {
    const fraction = precision === 0 ? "" : `.${"0".repeat(precision)}`;
    return `${BigInt(value)}${fraction}`;
  }
  const rounded = value.toFixed(precision);
  // Half of the last digit is left over exactly when this is an odd whole number.
  if (Math.abs(value * 2 ** (precision + 1)) % 2 !== 1 || /[02468]$/.test(rounded)) return rounded;
  const kept = value.toFixed(precision + 1).slice(0, -1);
  return precision === 0 ? kept.slice(0, -1) : kept;
}

const isNegative = (value: number): boolean => value < 0 || Object.is(value, -0);

/** The sign of what is no number is lost in JavaScript; Redis on this processor writes it negative when it is made of 0/0. */
function notFinite(value: number): string {
  if (Number.isNaN(value)) return "-nan";
  return value > 0 ? "inf" : "-inf";
}

const trimZeros = (digits: string): string => (digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits);

/** As Lua makes text of it, by `..`, `tostring` and where a library wants a string. */
export const numberText = (value: number): Bytes => formatGeneral(value, 14);

/** So few digits are exact. */
const MOST_EXACT_DIGITS = 15;

/** undefined for what is not digits only, or has more than are exact. */
function plainNumber(text: Bytes): number | undefined {
  const { length } = text;
  if (length === 0 || length > MOST_EXACT_DIGITS) return undefined;
  let number = 0;
  for (let index = 0; index < length; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  return number;
}

const decimal = /^[ \t\n\v\f\r]*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[ \t\n\v\f\r]*$/;
const hexadecimal =
  /^[ \t\n\v\f\r]*([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?(?:[pP]([+-]?\d+))?[ \t\n\v\f\r]*$/;
const named = /^[ \t\n\v\f\r]*([+-]?)(?:(inf(?:inity)?)|nan)[ \t\n\v\f\r]*$/i;

/** undefined for a text that is no number. */
export function numberOf(text: Bytes): number | undefined {
  const plain = plainNumber(text);
  if (plain !== undefined) return plain;
  // C ends a string where Lua does not.
  const [read = ""] = text.split("\0");
  const digits = decimal.exec(read)?.[1];
  if (digits !== undefined) return Number(digits);
  const name = named.exec(read);
  if (name !== null) return name[2] === undefined ? Number.NaN : signed(name[1], Infinity);
  return hexadecimalOf(read);
}

function hexadecimalOf(text: string): number | undefined {
  const [, sign, whole = "", fraction = "", exponent = "0"] = hexadecimal.exec(text) ?? [];
  if (`${whole}${fraction}` === "") return undefined;
  const digits = Number(`0x${whole}${fraction}`);
  return signed(sign, digits * 2 ** (Number(exponent) - 4 * fraction.length));
}

const signed = (sign: string | undefined, value: number): number => (sign === "-" ? -value : value);
