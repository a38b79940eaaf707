/** What was done in a sandbox and what the product did meanwhile: taken together, no file is lost and none is invented. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Base, baseFile, bytesOf, hashOf, parseBase } from "@/lib/workspace/base";
import { isInside } from "@/lib/workspace/files";
import { defaultLimits } from "@/lib/workspace/limits";
import { changesSince, manifestOf } from "@/lib/workspace/manifest";
import type { Scan } from "@/lib/workspace/scan";
import { planSync } from "@/lib/workspace/sync-plan";
import { MANY } from "./snapshots";

const paths = ["a", "b.txt", "src/a", "src/b", "src/deep/c", "__proto__", "package.json"];
type Tree = ReadonlyMap<string, string>;

/** Texts by path; few of each, so that two trees have much in common. */
const trees = fc
  .array(fc.tuple(fc.constantFrom(...paths), fc.constantFrom("1", "2", "3")), { maxLength: 7 })
  .map((entries): Tree => new Map(entries));

const hash = (text: string) => hashOf(bytesOf(text));
const baseOf = (tree: Tree): Base => ({
  revision: "r1",
  files: new Map([...tree].map(([path, text]) => [path, hash(text)])),
});
const scanOf = (tree: Tree, base: Base, whole: Partial<Scan> = {}): Scan => ({
  isWhole: true,
  startedAt: 0,
  base,
  generations: [],
  seal: "",
  ignoreFiles: new Map(),
  links: [],
  unnameable: [],
  files: new Map(
    [...tree].map(([path, text]) => [path, { sizeBytes: text.length, modifiedAt: 0, sha256: hash(text) }]),
  ),
  ...whole,
});
const setOf = (tree: Tree) => [...tree].map(([path, content]) => ({ path, content }));
const sorted = (tree: ReadonlyMap<string, string>) => [...tree].sort(([a], [b]) => (a < b ? -1 : 1));

test("the difference of a sandbox to its base, applied to the base, is the sandbox", () => {
  fc.assert(
    fc.property(trees, trees, (given, there) => {
      const base = baseOf(given);
      const { changed, removed } = changesSince(base, manifestOf(scanOf(there, base), defaultLimits));

      const applied = new Map<string, string>(given);
      for (const path of removed) applied.delete(path);
      for (const path of changed) applied.set(path, there.get(path) ?? "");
      expect(sorted(applied)).toEqual(sorted(there));
      // And nothing is named that did not change.
      for (const path of changed) expect(given.get(path)).not.toBe(there.get(path));
      for (const path of removed) expect([given.has(path), there.has(path)]).toEqual([true, false]);
    }),
    MANY,
  );
});

test("what could not be looked at is left out, and never taken for removed", () => {
  fc.assert(
    fc.property(trees, trees, fc.constantFrom("src", "src/deep", "a"), (given, there, link) => {
      const base = baseOf(given);
      const unseen = manifestOf(scanOf(there, base, { isWhole: false, links: [link] }), defaultLimits);
      const { removed } = changesSince(base, unseen);

      expect(removed).toEqual([]);
      const seen = manifestOf(scanOf(there, base, { links: [link] }), defaultLimits);
      for (const path of changesSince(base, seen).removed) {
        expect(path === link || path.startsWith(`${link}/`)).toBe(false);
      }
    }),
    MANY,
  );
});

test("a plan brings a sandbox that nobody touched to the new revision, by a part or by the whole", () => {
  fc.assert(
    fc.property(trees, trees, fc.boolean(), (given, next, isPartial) => {
      const base = baseOf(given);
      const whole = { revision: "r2", files: setOf(next) };
      const differing = new Map([...next].filter(([path, text]) => given.get(path) !== text));
      const gone = [...given.keys()].filter((path) => !next.has(path));
      const part = { revision: "r2", files: setOf(differing), isPartial: true, removed: gone };
      const plan = planSync(base, scanOf(given, base), isPartial ? part : whole);

      const brought = new Map<string, string>(given);
      for (const path of plan.removed) brought.delete(path);
      for (const { path, content } of plan.writes) brought.set(path, new TextDecoder().decode(content));
      expect(sorted(brought)).toEqual(sorted(next));
      expect(sorted(plan.files)).toEqual(sorted(baseOf(next).files));
      // What the new revision leaves alone is not touched, and nothing of ours is in the way of it.
      expect(plan.writes.map(({ path }) => path)).toEqual(plan.changed);
      expect(plan.ours.filter((path) => given.has(path))).toEqual([]);
    }),
    MANY,
  );
});

test("what a person changed and the plan would overwrite is named first, and nothing else of theirs is touched", () => {
  fc.assert(
    fc.property(trees, trees, trees, (given, there, next) => {
      const base = baseOf(given);
      const plan = planSync(base, scanOf(there, base), { revision: "r2", files: setOf(next) });

      const lost = [...plan.writes.map(({ path }) => path), ...plan.removed].filter(
        (path) => there.has(path) && there.get(path) !== given.get(path),
      );
      expect(plan.ours).toEqual(expect.arrayContaining(lost));
      const kept = [...there].filter(
        ([path, text]) => given.get(path) !== text && next.get(path) === given.get(path),
      );
      for (const [path] of kept) {
        expect(plan.writes.map((write) => write.path)).not.toContain(path);
        expect(plan.removed).not.toContain(path);
      }
    }),
    MANY,
  );
});

test("a base is read as it was written, and what is no base is none", () => {
  fc.assert(
    fc.property(trees, fc.string(), fc.json(), (tree, revision, other) => {
      const base = { ...baseOf(tree), revision };
      const { content } = baseFile(base);
      const text = typeof content === "string" ? content : new TextDecoder().decode(content);

      expect(parseBase(text)).toEqual(base);
      expect(parseBase(other)).toBeUndefined();
      expect(parseBase(text.slice(0, -1))).toBeUndefined();
    }),
    MANY,
  );
});

test("a path is inside the project exactly when walking it never leaves it", () => {
  const part = fc.constantFrom("a", "..", ".", "", "b c", "\\", "…");
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
      const path = parts.join("/");
      const isPlain = parts.every((each) => !["", ".", "..", "\\"].includes(each));

      expect(isInside(path)).toBe(isPlain);
      if (isInside(path))
        expect(new URL(path, "file:///project/").pathname.startsWith("/project/")).toBe(true);
    }),
    MANY,
  );
});
