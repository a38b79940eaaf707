/** What stands in Redis is read as it was written, or refused; nothing in between. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RecordUnreadableError, StoreRefusedError } from "@/lib/errors";
import { parseScope } from "@/lib/ids";
import { parseHistory } from "@/lib/preview/history";
import { type PreviewRecord, recordSchema } from "@/lib/preview/record";
import { parseReply } from "@/lib/store/reply";
import { readScript } from "@/lib/store/scripts/read";
import { MANY, snapshots } from "./snapshots";

const scope = parseScope("p1", "u1");

/** As the scripts write it: names and texts in turn. */
const flat = (record: PreviewRecord): string[] =>
  Object.entries(record).flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)]));

const answered = (fields: readonly string[], around: readonly (string | number)[] = quiet) =>
  parseReply(readScript, scope, "preview", ["ok", 5, [...around], [...fields], "extra"]);

const quiet = [0, 0, "", "", "", "", "", ""];

describe("a record", () => {
  test("that was read and is written again is read as the same", () => {
    fc.assert(
      fc.property(snapshots, ({ record }) => {
        expect(answered(flat(record)).snapshot.record).toEqual(
          Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)),
        );
      }),
      MANY,
    );
  });

  test("with a number that is none is refused, whichever it is: nothing is defaulted", () => {
    const notWhole = fc.oneof(
      fc.double({ noInteger: true }).map(String),
      fc.constantFrom("", " ", "1 ", "1e3", "0x1", "--1", "nil", "12345678901234567"),
      fc.string().filter((text) => !/^-?\d{1,16}$/.test(text)),
    );
    fc.assert(
      fc.property(snapshots, fc.nat(), notWhole, ({ record }, pick, broken) => {
        const numbers = Object.entries(record).filter(([, value]) => typeof value === "number");
        const [name = "epoch"] = numbers[pick % numbers.length] ?? [];
        // The record of a state without a port says nothing of one that stands there.
        fc.pre(name in record);

        expect(() => answered([...flat(record), name, broken])).toThrow(RecordUnreadableError);
      }),
      MANY,
    );
  });

  test("of another version is refused, and what only newer code knows is left out", () => {
    fc.assert(
      fc.property(snapshots, fc.string(), fc.string(), ({ record }, text, other) => {
        const v = text === "1" ? "2" : text;

        expect(() => answered([...flat(record), "v", v])).toThrow(RecordUnreadableError);
        expect(answered([...flat(record), `x-${text}`, other]).snapshot.record).toEqual(
          answered(flat(record)).snapshot.record,
        );
      }),
      MANY,
    );
  });
});

test("what stands around a record is read as the scripts tell it", () => {
  const maybe = fc.option(fc.nat(1_000_000), { nil: undefined });
  const texts = (value: number | undefined) => (value === undefined ? "" : String(value));
  fc.assert(
    fc.property(
      fc.tuple(fc.nat(99), fc.nat(99), maybe, maybe, fc.subarray(["h", "c"]), fc.string(), maybe),
      ([viewers, holds, position, waitMs, flags, suspended, dayMs]) => {
        const around = [
          viewers,
          String(holds),
          texts(position),
          texts(waitMs),
          flags.join(""),
          suspended,
          texts(dayMs),
          texts(dayMs),
        ];
        const { status, extra, snapshot } = answered([], around);

        expect([status, extra, snapshot.now]).toEqual(["ok", "extra", 5]);
        expect([snapshot.viewers, snapshot.holds]).toEqual([viewers, holds]);
        expect(snapshot.line?.position).toBe(position);
        expect(snapshot.line?.waitMs).toBe(position === undefined ? undefined : waitMs);
        expect(snapshot.isEverythingHeld ?? false).toBe(flags.includes("h"));
        expect(snapshot.isCreatingStopped ?? false).toBe(flags.includes("c"));
        expect(snapshot.suspendedBecause ?? "").toBe(suspended);
        expect(snapshot.usage?.dayMs).toBe(dayMs);
        expect(snapshot.record.state).toBe("absent");
      },
    ),
    MANY,
  );
});

test("an answer of another shape is refused, whatever it is", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (answer) => {
      const raw = recordSchema.safeParse(answer).success ? null : JSON.parse(JSON.stringify(answer));

      expect(() => parseReply(readScript, scope, "preview", raw)).toThrow(StoreRefusedError);
    }),
    MANY,
  );
});

describe("a history", () => {
  const number = fc.nat();
  const line = fc.string().map((text) => text.replaceAll("\n", " "));
  const written = fc.oneof(
    fc.record({ kind: fc.constant("held"), by: line, until: number }),
    fc.record({ kind: fc.constant("released"), by: line }),
    fc.record({ kind: fc.constant("saved"), revision: line, files: number }),
    fc.record({ kind: fc.constant("kept"), sandboxId: line }),
    fc.record({ kind: fc.constant("put-aside"), sandboxId: line, what: line }),
    fc.record({ kind: fc.constant("synced"), revision: line, files: number, overwritten: number }),
  );
  /** As the script `remember` writes it. */
  const streamed = ({ kind, ...fields }: Readonly<Record<string, string | number>>, at: number) => [
    `${at}-0`,
    ["kind", String(kind), "fields", Object.entries(fields).flat().map(String).join("\n")],
  ];

  test("is read as it was written, in its order, whatever the names in it are", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(written, number), { maxLength: 5 }), (entries) => {
        expect(parseHistory(entries.map(([fields, at]) => streamed(fields, at)))).toEqual(
          entries.map(([fields, at]) => ({ ...fields, at })),
        );
      }),
      MANY,
    );
  });

  test("is worth having without the entries that cannot be read", () => {
    fc.assert(
      fc.property(written, number, line, (fields, at, kind) => {
        const unknown = streamed({ kind: `x-${kind}`, by: "x" }, at);

        expect(parseHistory([unknown, streamed(fields, at), unknown])).toEqual([{ ...fields, at }]);
      }),
      MANY,
    );
  });
});
