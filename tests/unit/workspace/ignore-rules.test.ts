/** The rules of a project's .gitignore files, as git has them. */
import { expect, test } from "vitest";
import { ignoreRules } from "@/lib/workspace/ignore-rules";

const rules = ignoreRules(
  new Map([
    ["", "*.log\n!keep.log\n/out\ndata/\nBIG.txt\nsecret\ncache/\n"],
    ["deep", "!wanted.log\n*.tmp\n/only-here\n!cache/\n"],
    ["deep/er", "!a.tmp\n"],
    ["data", "!taken-back.txt\n"],
  ]),
);

test.each([
  ["a.txt", false],
  ["a.log", true],
  ["any/where/a.log", true],
  ["keep.log", false],
  ["out", true],
  ["out/a.txt", true],
  ["sub/out/a.txt", false],
  ["data", false],
  ["data/a.txt", true],
  ["sub/data/a.txt", true],
  ["data/taken-back.txt", true],
  ["deep/a.log", true],
  ["deep/wanted.log", false],
  ["wanted.log", true],
  ["deep/a.tmp", true],
  ["deep/er/a.tmp", false],
  ["deep/er/b.tmp", true],
  ["a.tmp", false],
  ["deep/only-here", true],
  ["deep/er/only-here", false],
  ["big.txt", false],
  ["BIG.txt", true],
  ["secret/x/y", true],
  ["cache/a", true],
  ["deep/cache/a", false],
  ["deep/cache/a.log", true],
  ["deep/cache/keep.log", false],
  ["line\nbreak.log", true],
  ["..log", true],
  ["__proto__", false],
])("%j is left out: %s", (path, isLeftOut) => {
  expect(rules(path)).toBe(isLeftOut);
});

test("without a .gitignore nothing is left out", () => {
  expect(ignoreRules(new Map())("anything/at.all")).toBe(false);
});
