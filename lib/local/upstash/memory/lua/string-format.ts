/**
 * Owns `string.format`: C's conversions of a number or a text, with flags, width and precision, and Lua's `%q`.
 * Fails closed in Lua 5.1's words.
 */
import type { Bytes } from "../../bytes";
import { numberAt, textAt, type Values } from "./library-arguments";
import { badArgument, LuaError } from "./lua-errors";
import type { LuaValue } from "./lua-values";
import { formatExponent, formatFixed, formatGeneral } from "./number-text";

const conversions = /%(?:([-+ #0]*)(\d*)(?:\.(\d*))?([\s\S]?))/g;

interface Conversion {
  readonly flags: string;
  readonly width: number;
  /** undefined for none. */
  readonly precision: number | undefined;
  readonly letter: string;
}

export function format(...values: LuaValue[]): Bytes {
  const template = textAt(values, 0, "format");
  if (template === "%.0f" && typeof values[1] === "number") return formatFixed(values[1], 0);
  let position = 0;
  return template.replace(
    conversions,
    (whole, flags: string, width: string, precision: string | undefined, letter: string) => {
      if (whole === "%%") return "%";
      assertFormat(flags, width, precision);
      position += 1;
      return convert(values, position, {
        flags,
        width: Number(width),
        precision: precision === undefined ? undefined : Number(precision),
        letter,
      });
    },
  );
}

function assertFormat(flags: string, width: string, precision: string | undefined): void {
  if (flags.length > 5) throw new LuaError("invalid format (repeated flags)");
  if (width.length > 2 || (precision ?? "").length > 2) {
    throw new LuaError("invalid format (width or precision too long)");
  }
}

function convert(values: Values, at: number, conversion: Conversion): Bytes {
  const { letter, precision } = conversion;
  if (at >= values.length) throw badArgument(at + 1, "format", "no value");
  switch (letter) {
    case "s": {
      const text = textAt(values, at, "format");
      return padded(text.slice(0, precision ?? text.length), { ...conversion, flags: textFlags(conversion) });
    }
    case "q":
      return quoted(textAt(values, at, "format"));
    case "c":
      return formatCharacter(numberAt(values, at, "format"), conversion);
    case "d":
    case "i":
    case "o":
    case "u":
    case "x":
    case "X":
      return formatWhole(numberAt(values, at, "format"), conversion);
    case "e":
    case "E":
    case "f":
    case "g":
    case "G":
      return formatFraction(numberAt(values, at, "format"), conversion);
    default:
      throw new LuaError(`invalid option '%${letter}' to 'format'`);
  }
}

/** Zeros pad numbers only. */
const textFlags = ({ flags }: Conversion): string => flags.replaceAll("0", "");

const FIRST_BEYOND_INT = 2 ** 31;

/** C ends the text at a zero. */
function formatCharacter(value: number, conversion: Conversion): Bytes {
  const character = String.fromCharCode(Math.abs(value) < FIRST_BEYOND_INT ? value & 255 : 0);
  const [text = ""] = padded(character, { ...conversion, flags: textFlags(conversion) }).split("\0");
  return text;
}

/** 64 bits, where what does not fit is what this processor makes of it. */
function toInt64(value: number, isSigned: boolean): bigint {
  if (!isSigned && value >= 2 ** 64) return 0n;
  if (!isSigned && value >= 2 ** 63) return BigInt(value);
  const fits = Number.isFinite(value) && Math.abs(value) < 2 ** 63;
  return fits ? BigInt(Math.trunc(value)) : -(2n ** 63n);
}

function formatWhole(value: number, conversion: Conversion): Bytes {
  const { letter, flags, precision } = conversion;
  const isSigned = letter === "d" || letter === "i";
  const number = toInt64(value, isSigned);
  const digits = isSigned ? String(number < 0n ? -number : number) : unsignedDigits(number, letter);
  const least = precision === 0 && number === 0n ? "" : digits.padStart(precision ?? 1, "0");
  const prefix = !isSigned && flags.includes("#") ? alternatePrefix(letter, number, least) : "";
  const sign = isSigned ? signOf(number < 0n, flags) : prefix;
  // A precision says how many digits there are, so that zeros do not pad as well.
  return padded(sign + least, {
    ...conversion,
    flags: precision === undefined ? flags : textFlags(conversion),
  });
}

function unsignedDigits(number: bigint, letter: string): string {
  const unsigned = BigInt.asUintN(64, number);
  if (letter === "u") return unsigned.toString();
  const digits = unsigned.toString(letter === "o" ? 8 : 16);
  return letter === "X" ? digits.toUpperCase() : digits;
}

function alternatePrefix(letter: string, number: bigint, digits: string): string {
  if (letter === "o") return digits.startsWith("0") ? "" : "0";
  return letter === "u" || number === 0n ? "" : `0${letter}`;
}

function signOf(isNegative: boolean, flags: string): string {
  if (isNegative) return "-";
  if (flags.includes("+")) return "+";
  return flags.includes(" ") ? " " : "";
}

function formatFraction(value: number, conversion: Conversion): Bytes {
  const { flags, letter, precision = 6 } = conversion;
  const isNegative = value < 0 || Object.is(value, -0) || Number.isNaN(value);
  const size = Math.abs(value);
  const text = withPoint(digitsOf(size, letter.toLowerCase(), precision, flags).replace(/^-/, ""), flags);
  const isUpper = letter === "E" || letter === "G";
  return padded(signOf(isNegative, flags) + (isUpper ? text.toUpperCase() : text), {
    ...conversion,
    flags: Number.isFinite(value) ? flags : textFlags(conversion),
  });
}

function digitsOf(value: number, letter: string, precision: number, flags: string): string {
  if (letter === "f") return formatFixed(value, precision);
  return letter === "e"
    ? formatExponent(value, precision)
    : formatGeneral(value, precision, flags.includes("#"));
}

/** `#` keeps a point that nothing follows. */
const withPoint = (text: string, flags: string): string =>
  flags.includes("#") && /^\d+(e|$)/.test(text) ? text.replace(/^\d+/, "$&.") : text;

function padded(text: string, { flags, width }: Conversion): Bytes {
  if (flags.includes("-")) return text.padEnd(width, " ");
  if (!flags.includes("0") || text.length >= width) return text.padStart(width, " ");
  const sign = /^(?:[-+ ]|0[xX])?/.exec(text)?.[0] ?? "";
  return sign + text.slice(sign.length).padStart(width - sign.length, "0");
}

const quoted = (text: Bytes): Bytes =>
  `"${text
    .replace(/["\\\n]/g, "\\$&")
    .replaceAll("\r", "\\r")
    .replaceAll("\0", "\\000")}"`;
