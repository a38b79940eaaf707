/** Which processes belong to a sandbox, and how the tables of two systems are read. */
import { expect, test } from "vitest";
import {
  isAboutToStop,
  type ProcessRow,
  parseProcStat,
  parsePs,
  processesOf,
} from "@/lib/local/e2b/containers/process-table";

const row = (
  pid: number,
  parentPid: number,
  sessionId: number,
  changes: Partial<ProcessRow> = {},
): ProcessRow => ({
  pid,
  parentPid,
  sessionId,
  standsStill: false,
  isDead: false,
  isMarked: false,
  ...changes,
});

const pidsOf = (table: ProcessRow[]) => processesOf(table, 999).map(({ pid }) => pid);

test("marked processes, their descendants and their sessions belong to a sandbox", () => {
  const table = [
    row(10, 999, 10, { isMarked: true }),
    row(11, 10, 10),
    row(12, 1, 10),
    row(13, 12, 13),
    row(20, 999, 20),
  ];
  expect(pidsOf(table)).toEqual([10, 11, 12, 13]);
});

test("a session that no member leads is not claimed", () => {
  const table = [row(10, 5, 5, { isMarked: true }), row(5, 1, 5), row(6, 5, 5)];
  expect(pidsOf(table)).toEqual([10]);
});

test("the stand-in itself and the dead are left out", () => {
  const table = [row(10, 999, 10, { isMarked: true, isDead: true }), row(999, 10, 10), row(11, 10, 10)];
  expect(pidsOf(table)).toEqual([11]);
});

test("a command name with brackets and spaces does not shift the fields of /proc", () => {
  expect(parseProcStat("42 (a) b (c)) T 7 42 40 0 -1")).toEqual({
    pid: 42,
    parentPid: 7,
    sessionId: 40,
    standsStill: true,
    isDead: false,
  });
});

test("the lines of ps are read with the mark in the environment behind the command", () => {
  const text = [
    "  501     1   501 Ss   /bin/bash -l -c x MARK=a HOME=/Users/me",
    "  502   501   501 T    node server.js MARK=ab",
    "garbage",
  ].join("\n");
  expect(parsePs(text, "MARK=a")).toEqual([
    row(501, 1, 501, { isMarked: true }),
    row(502, 501, 501, { standsStill: true }),
  ]);
});

test.each([
  ["D (disk sleep)", "0000000000040000", true],
  ["D (disk sleep)", "fff0000000040001", true],
  ["D (disk sleep)", "0000000000000000", false],
  ["D (disk sleep)", "fff000000003ffff", false],
  ["R (running)", "0000000000040000", false],
])("a process in state %s with pending signals %s is about to stop: %s", (state, pending, expected) => {
  const status = `Name:\tsh\nState:\t${state}\nSigPnd:\t0000000000000000\nShdPnd:\t${pending}\nSigBlk:\t0\n`;
  expect(isAboutToStop(status)).toBe(expected);
});
