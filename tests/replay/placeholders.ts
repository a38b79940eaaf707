/**
 * Owns what is written down in place of a value that differs between two recordings of one life (a time, a generated id),
 * and the value that a replay has for it. Equal values stay equal and different ones different, since functions compare
 * them. Pure. It must never change what is no such value. Cannot fail.
 */

/** In this order: a run's id is hexadecimal-looking to nobody, but a time may stand inside any text. */
const kinds: readonly {
  readonly kind: string;
  readonly pattern: RegExp;
  readonly make: (n: number) => string;
}[] = [
  {
    kind: "ulid",
    pattern: /\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b/g,
    make: (n) => `01${String(n).padStart(24, "0")}`,
  },
  { kind: "sandbox", pattern: /\bi[a-z0-9]{19,20}\b/g, make: (n) => `i${String(n).padStart(20, "a")}` },
  {
    kind: "hex",
    pattern: /\b(?=\d*[a-f])[0-9a-f]{12,64}\b/g,
    make: (n) => `a${String(n).padStart(23, "0")}`,
  },
  { kind: "time", pattern: /\b1[6-9]\d{11}\b/g, make: (n) => String(timeOf(n)) },
];

const FIRST_TIME = Date.UTC(2026, 0, 1);
const timeOf = (n: number): number => FIRST_TIME + n * 60_000;

/** A span that took as long as it took. */
const SPAN = "<ms>";
const SPAN_MS = 1_000;

/** With what differs between recordings replaced: `<time 1>`, `<sandbox 1>`; names are counted within the value. */
export function withPlaceholders(value: unknown): unknown {
  const names = new Map<string, string>();
  const nameOf = (kind: string, found: string): string => {
    const count = [...names.values()].filter((name) => name.startsWith(`<${kind} `)).length;
    const name = names.get(found) ?? `<${kind} ${count + 1}>`;
    names.set(found, name);
    return name;
  };
  return mapped(value, {
    text: (text) =>
      kinds.reduce(
        (soFar, { kind, pattern }) => soFar.replace(pattern, (found) => nameOf(kind, found)),
        text,
      ),
    number: (number, key) => {
      if (/^1[6-9]\d{11}$/.test(String(number))) return nameOf("time", String(number));
      return key.endsWith("Ms") ? SPAN : number;
    },
  });
}

/** A value as it could have been before; the same placeholder becomes the same value. */
export function withValues(value: unknown): unknown {
  return mapped(value, {
    text: (text) => {
      if (text === SPAN) return SPAN_MS;
      const time = /^<time (\d+)>$/.exec(text);
      if (time) return timeOf(Number(time[1]));
      return text.replace(/<(\w+) (\d+)>/g, (found, name, n) => {
        const kind = kinds.find((each) => each.kind === name);
        return kind ? kind.make(Number(n)) : found;
      });
    },
    number: (number) => number,
  });
}

interface Leaves {
  readonly text: (text: string) => unknown;
  readonly number: (number: number, key: string) => unknown;
}

function mapped(value: unknown, leaves: Leaves, key = ""): unknown {
  if (typeof value === "string") return leaves.text(value);
  if (typeof value === "number") return leaves.number(value, key);
  if (Array.isArray(value)) return value.map((each) => mapped(each, leaves, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mapped(each, leaves, name)]));
}
