/**
 * Owns Lua 5.1's `math`, without `random`, which is another sequence in each engine. Guarded against change, so that all
 * engines share it. Fails closed in Lua's words.
 */
import { numberAt } from "./library-arguments";
import { LuaTable } from "./lua-table";
import type { LuaResult, LuaValue } from "./lua-values";
import { raise } from "./operators";

const ofOne =
  (name: string, compute: (value: number) => number) =>
  (...values: LuaValue[]): LuaResult =>
    compute(numberAt(values, 0, name));

const ofTwo =
  (name: string, compute: (left: number, right: number) => number) =>
  (...values: LuaValue[]): LuaResult =>
    compute(numberAt(values, 0, name), numberAt(values, 1, name));

/** Lua's own comparisons, which say of what is no number that it is neither less nor more. */
function extreme(name: string, isBetter: (value: number, best: number) => boolean) {
  return (...values: LuaValue[]): LuaResult => {
    let best = numberAt(values, 0, name);
    for (let at = 1; at < values.length; at += 1) {
      const value = numberAt(values, at, name);
      if (isBetter(value, best)) best = value;
    }
    return best;
  };
}

const simple = {
  abs: Math.abs,
  acos: Math.acos,
  asin: Math.asin,
  atan: Math.atan,
  ceil: Math.ceil,
  cos: Math.cos,
  deg: (value: number) => (value * 180) / Math.PI,
  exp: Math.exp,
  floor: Math.floor,
  log: Math.log,
  log10: Math.log10,
  rad: (value: number) => (value * Math.PI) / 180,
  sin: Math.sin,
  sqrt: Math.sqrt,
  tan: Math.tan,
};

const fractionOfNone = (value: number): number => (Number.isNaN(value) ? value : 0);

export const mathLibrary = LuaTable.of({
  ...Object.fromEntries(Object.entries(simple).map(([name, compute]) => [name, ofOne(name, compute)])),
  fmod: ofTwo("fmod", (left, right) => left % right),
  huge: Infinity,
  max: extreme("max", (value, best) => value > best),
  min: extreme("min", (value, best) => value < best),
  modf(...values: LuaValue[]): LuaResult {
    const value = numberAt(values, 0, "modf");
    const whole = Math.trunc(value);
    return [whole, Number.isFinite(value) ? value - whole : fractionOfNone(value)];
  },
  pi: Math.PI,
  pow: ofTwo("pow", raise),
});
mathLibrary.isReadOnly = true;
