/**
 * Owns random commands about streams, for comparing two engines: ids in every form, ends of ranges in every form, trims,
 * and a little of what else can happen to a stream's key. No id is left wholly to the stream, which would be the time
 * of one engine. `~` only with a length that no stream here reaches: with it Redis may keep more than asked.
 */
import type { Random } from "@/lib/random";

type CommandLine = [string, ...string[]];

/** The ids of the 64 bits' end come seldom: nothing can be appended after them. */
const wantedIds = [
  "0-0",
  "0",
  "0-*",
  "1-1",
  "5",
  "5-",
  "-5",
  "9-9",
  "20-*",
  "007-01",
  "x",
  "",
  "+",
  "-",
  "(5",
];
const lastIds = ["18446744073709551615", "30-18446744073709551615", "30-*", "18446744073709551616"] as const;
const ends = [...wantedIds, ...lastIds, "(2-1", "(0", "(0-0", "(", "(-", "(+", "1.5", "1-1-1"] as const;
const beyondTheEnd = "(18446744073709551615-18446744073709551615";

export function randomStreamCommand(random: Random): CommandLine {
  const pick = <T>(items: readonly [T, ...T[]]): T =>
    items[Math.floor(random.fraction() * items.length)] ?? items[0];
  const maybe = (...words: string[]): string[] => (random.fraction() < 0.3 ? words : []);
  const seldom = (command: CommandLine, otherwise: CommandLine) =>
    random.fraction() < 0.1 ? command : otherwise;
  const key = () => pick(["a", "b", "c"]);
  /** Often greater than the ones before it. */
  const number = () => `${Math.floor(random.fraction() * 3_000)}`;
  const id = () => pick<() => string>([() => pick(["1", ...wantedIds]), number, () => `${number()}-3`])();
  const end = () => pick<() => string>([() => pick([beyondTheEnd, ...ends]), number, () => `(${number()}`])();
  const trim = () => maybe("MAXLEN", ...maybe("="), pick(["0", "1", "2", "1000", "-1", "x", "01", ""]));
  const count = () => maybe(pick(["COUNT", "count", "LIMIT"]), pick(["0", "1", "2", "-1", "x"]));
  const fields = () => pick([["f", "1"], ["f", "1", "€", ""], ["f"], [], ["f", "1", "g"]]);
  return pick<() => CommandLine>([
    () => ["XADD", key(), ...trim(), id(), ...fields()],
    () => ["XADD", key(), ...maybe("NOMKSTREAM"), ...trim(), ...maybe("nomkstream"), id(), "f", "v"],
    () => ["XADD", key(), ...trim(), "maxlen", pick(["~", "1"]), "1000", id(), "f", "v"],
    () => ["XADD", key(), id(), "f", number()],
    () => ["XADD", key(), `${number()}-*`, "f", number(), "€", ""],
    () => seldom(["XADD", key(), pick(lastIds), "f", "v"], ["XLEN", key()]),
    () => ["XRANGE", key(), end(), end(), ...count()],
    () => ["XREVRANGE", key(), end(), end(), ...count(), ...maybe("COUNT")],
    () => ["XREVRANGE", key(), "+", "-", "COUNT", "2"],
    () => ["TYPE", key()],
    () => ["PEXPIREAT", key(), "4102444800000"],
    () => ["PERSIST", key()],
    () => seldom(["SET", key(), "v"], ["GET", key()]),
    () => seldom(["DEL", key()], ["HGET", key(), "f"]),
    () => seldom(["EXPIRE", key(), "0"], ["EXISTS", key()]),
  ])();
}
