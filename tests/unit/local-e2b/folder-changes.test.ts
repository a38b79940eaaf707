/** How two looks at one name become fsnotify's words. */
import { expect, test } from "vitest";
import {
  judge,
  type Known,
  keyOf,
  knownAfter,
  knownAsMade,
  knownBefore,
} from "@/lib/local/e2b/envd/folder-changes";

const file: Known = {
  isFolder: false,
  device: 1,
  inode: 7,
  bornMs: 100,
  mode: 0o100644,
  sizeBytes: 3,
  writtenMs: 200,
  changedMs: 200,
  toldWrittenMs: 200,
};
const other: Known = { ...file, inode: 8 };
const folder: Known = { ...file, isFolder: true };
const nothingMoved: ReadonlySet<string> = new Set();
const renamed = { isRenamed: true, isChanged: false };
const changed = { isRenamed: false, isChanged: true };
const both = { isRenamed: true, isChanged: true };

test.each([
  ["a new file", undefined, file, renamed, ["CREATE"]],
  ["a new file with content", undefined, file, both, ["CREATE", "WRITE"]],
  ["a new folder", undefined, folder, both, ["CREATE"]],
  ["a file that went", file, undefined, renamed, ["REMOVE"]],
  ["what came and went between two looks", undefined, undefined, both, []],
  ["another file over it", file, other, renamed, ["CREATE"]],
  ["more in it", file, { ...file, sizeBytes: 4 }, changed, ["WRITE"]],
  ["the same length at another time", file, { ...file, writtenMs: 201, changedMs: 201 }, changed, ["WRITE"]],
  ["a second write within one tick", file, file, changed, ["WRITE"]],
  ["other permissions", file, { ...file, mode: 0o100755, changedMs: 201 }, changed, ["CHMOD"]],
  ["other attributes", file, { ...file, changedMs: 201 }, changed, ["CHMOD"]],
  ["both at once", file, { ...file, mode: 0o100755, sizeBytes: 4 }, changed, ["WRITE", "CHMOD"]],
  ["a folder's permissions", folder, { ...folder, mode: 0o700 }, changed, ["CHMOD"]],
  ["a name that is still the same", file, file, renamed, []],
])("%s", (_, before, after, hint, changes) => {
  expect(judge(before, after, hint, nothingMoved)).toEqual(changes);
});

test("what has another name now was renamed", () => {
  expect(judge(file, undefined, renamed, new Set([keyOf(file)]))).toEqual(["RENAME"]);
  expect(judge(undefined, file, renamed, new Set([keyOf(file)]))).toEqual(["CREATE"]);
});

test("a file whose number was used before is another file", () => {
  expect(keyOf({ ...file, bornMs: 101 })).not.toBe(keyOf(file));
});

test("a write that the first look already saw is still told, although other attributes changed since", () => {
  const made = knownAfter(undefined, file, judge(undefined, file, renamed, nothingMoved));
  expect(judge(made, { ...file, changedMs: 201 }, changed, nothingMoved)).toEqual(["WRITE"]);
});

test("a write that was told is not told again for other attributes", () => {
  const told = knownAfter(undefined, file, judge(undefined, file, both, nothingMoved));
  expect(judge(told, { ...file, changedMs: 201 }, changed, nothingMoved)).toEqual(["CHMOD"]);
  const kept = knownAfter(told, { ...file, changedMs: 201 }, ["CHMOD"]);
  expect(judge(kept, { ...file, changedMs: 202 }, changed, nothingMoved)).toEqual(["CHMOD"]);
});

test("there is no write to tell in an empty new file, nor in what was there before", () => {
  for (const known of [knownAsMade({ ...file, sizeBytes: 0 }), knownBefore({ ...file, sizeBytes: 0 })]) {
    const after = { ...file, sizeBytes: 0, mode: 0o100755, changedMs: 201 };
    expect(judge(known, after, changed, nothingMoved)).toEqual(["CHMOD"]);
  }
});
