/**
 * Owns the functions and operators that Inngest adds to CEL, and what `expression-rewrite.ts` writes into expressions
 * (inngest.md §5.2). It must never read a clock: `now()` is whatever moment the evaluation is about. Fails closed: a
 * text that cannot be decoded or is no date throws, and the expression with it.
 */
import { Environment } from "@marcbachmann/cel-js";

/** The dialect for one expression; `now` is asked at each evaluation, in milliseconds. */
export function dialect(now: () => number): Environment {
  return new Environment({ unlistedVariablesAreDyn: true })
    .registerFunction("inngestField(dyn, string): dyn", (root: unknown, path: string) => field(root, path))
    .registerFunction(
      "inngestOrder(dyn, string): dyn",
      (root: unknown, path: string) => field(root, path) ?? Number.NEGATIVE_INFINITY,
    )
    .registerFunction("inngestTruth(dyn, string): bool", (root: unknown, path: string) =>
      truth(field(root, path)),
    )
    .registerFunction("inngestAlike(dyn, dyn): bool", (left: unknown, right: unknown) => alike(left, right))
    .registerFunction("lowercase(string): string", (text: string) => text.toLowerCase())
    .registerFunction("uppercase(string): string", (text: string) => text.toUpperCase())
    .registerFunction("b64decode(string): string", (text: string) =>
      Buffer.from(text, "base64").toString("utf8"),
    )
    .registerFunction("json_parse(string): dyn", (text: string) => JSON.parse(text))
    .registerFunction("date(string): google.protobuf.Timestamp", dateOf)
    .registerFunction("now(): google.protobuf.Timestamp", () => new Date(now()))
    .registerOperator("string + double", (left: string, right: number) => `${left}${right}`)
    .registerOperator("double + string", (left: number, right: string) => `${left}${right}`)
    .registerOperator("string + int", (left: string, right: bigint) => `${left}${right}`)
    .registerOperator("int + string", (left: bigint, right: string) => `${left}${right}`);
}

function field(root: unknown, path: string): unknown {
  let found: unknown = root;
  for (const key of parsePath(path)) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return null;
    found = Reflect.get(found, key);
  }
  return found ?? null;
}

const parsePath = (path: string): string[] => {
  const parsed: unknown = JSON.parse(path);
  return Array.isArray(parsed) ? parsed.map(String) : [];
};

/** `&&` and `||` take values that are not boolean; which of them count as false was not observed beyond null. */
const truth = (value: unknown): boolean => value !== null && value !== false;

function alike(left: unknown, right: unknown): boolean {
  if (left === null || right === null) return false;
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

function dateOf(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new RangeError(`"${text}" is not a date`);
  return date;
}
