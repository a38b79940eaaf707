/** How a script's answer is read: what is not told is not there, and what is half told is none. */
import { describe, expect, test } from "vitest";
import { RecordUnreadableError } from "@/lib/errors";
import { parseScope } from "@/lib/ids";
import { parseReply } from "@/lib/store/reply";
import { readScript } from "@/lib/store/scripts/read";
import { absentRecord } from "@/lib/store/store";

const scope = parseScope("p1", "u1");
const quiet = ["0", "0", "", "", "", "", "", ""];

/** `around` as it is but for what is said at these places. */
const read = (said: Readonly<Record<number, string>> = {}, fields: readonly string[] = []) =>
  parseReply(readScript, scope, "preview", [
    "ok",
    "5",
    quiet.map((text, index) => said[index] ?? text),
    [...fields],
    "more",
  ]);

test("an answer with nothing in it is a preview that was never opened, with nobody there and nothing else", () => {
  expect(read()).toStrictEqual({
    status: "ok",
    extra: "more",
    snapshot: { now: 5, viewers: 0, holds: 0, record: absentRecord(scope) },
  });
});

describe("what stands around a record", () => {
  const around = (said: Readonly<Record<number, string>>) => {
    const { now: _now, viewers: _viewers, holds: _holds, record: _record, ...rest } = read(said).snapshot;
    return rest;
  };

  test("is a standing in line, with a time only where one is known", () => {
    expect(around({ 2: "3", 3: "5000" })).toStrictEqual({ line: { position: 3, waitMs: 5_000 } });
    expect(around({ 2: "0" })).toStrictEqual({ line: { position: 0 } });
    expect(around({ 3: "5000" })).toStrictEqual({});
  });

  test("is the switches that are on", () => {
    expect(around({ 4: "h" })).toStrictEqual({ isEverythingHeld: true });
    expect(around({ 4: "c" })).toStrictEqual({ isCreatingStopped: true });
    expect(around({ 4: "hc" })).toStrictEqual({ isEverythingHeld: true, isCreatingStopped: true });
  });

  test("is why the user is suspended, and what they have used where both spans are told", () => {
    expect(around({ 5: "not paid" })).toStrictEqual({ suspendedBecause: "not paid" });
    expect(around({ 6: "1", 7: "2" })).toStrictEqual({ usage: { dayMs: 1, monthMs: 2 } });
    expect(around({ 6: "1" })).toStrictEqual({});
    expect(around({ 7: "2" })).toStrictEqual({});
  });
});

test("a field that broke off before its value is not read as one", () => {
  const written = Object.entries(absentRecord(scope)).flatMap(([name, value]) => [name, String(value)]);

  expect(read({}, [...written, "lastActiveAt"]).snapshot.record).toStrictEqual(absentRecord(scope));
  expect(() => read({}, ["state", "absent"])).toThrow(RecordUnreadableError);
});
