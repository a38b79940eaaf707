/** What a running project needs after its files have changed. */
import { expect, test } from "vitest";
import { asksForOtherPackages, type Needs, needsAfter, runsOtherwise, stronger } from "@/lib/workspace/needs";

const same = { hasOtherDependencies: false, hasOtherInstall: false, hasOtherStart: false };

test.each<[readonly string[], Partial<typeof same>, Needs]>([
  [[], {}, "nothing"],
  [["src/page.tsx", "package.json", "README.md"], {}, "nothing"],
  [["env.ts", "src/environment/a.ts", "lockfile.txt", "yarn.locked"], {}, "nothing"],
  [[".env"], {}, "restart"],
  [[".env.local", "src/page.tsx"], {}, "restart"],
  [["packages/web/.env.development"], {}, "restart"],
  [["src/page.tsx"], { hasOtherStart: true }, "restart"],
  [["package.json"], { hasOtherDependencies: true }, "install-and-restart"],
  [[], { hasOtherInstall: true }, "install-and-restart"],
  [[".env"], { hasOtherInstall: true, hasOtherStart: true }, "install-and-restart"],
  ...[
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "bun.lock",
    "bun.lockb",
    "npm-shrinkwrap.json",
    ".npmrc",
    "packages/web/package-lock.json",
    "poetry.lock",
    "requirements.txt",
    "requirements-dev.txt",
    "go.sum",
  ].map((path): [readonly string[], Partial<typeof same>, Needs] => [[path], {}, "install-and-restart"]),
])("changes to %j with %j need: %s", (paths, changes, needs) => {
  expect(needsAfter({ paths, ...same, ...changes })).toBe(needs);
});

test.each([
  ["the same words", { dependencies: { a: "1" } }, { dependencies: { a: "1" } }, false],
  ["other scripts", { scripts: { dev: "a" } }, { scripts: { dev: "b" } }, false],
  ["another name and version", { name: "a", version: "1" }, { name: "b", version: "2" }, false],
  ["another version of a package", { dependencies: { a: "1" } }, { dependencies: { a: "2" } }, true],
  ["a package more", {}, { devDependencies: { a: "1" } }, true],
  ["a package less", { dependencies: { a: "1", b: "1" } }, { dependencies: { a: "1" } }, true],
  ["an override", {}, { overrides: { a: "1" } }, true],
  ["another package manager", { packageManager: "npm@10" }, { packageManager: "pnpm@9" }, true],
  ["other workspaces", { workspaces: ["a"] }, { workspaces: ["a", "b"] }, true],
])("a package.json with %s asks for other packages: %4$s", (_name, before, after, isOther) => {
  expect(asksForOtherPackages(JSON.stringify(before), JSON.stringify(after, null, 2))).toBe(isOther);
});

test.each([
  ["another dev script", { scripts: { dev: "vite" } }, { scripts: { dev: "next dev" } }, true],
  ["another module system", {}, { type: "module" }, true],
  ["another name and version", { name: "a", version: "1.0.0" }, { name: "b", version: "2.0.0" }, false],
])("a package.json with %s runs otherwise: %4$s", (_name, before, after, isOther) => {
  expect(runsOtherwise(JSON.stringify(before), JSON.stringify(after, null, 2))).toBe(isOther);
});

test.each([
  ["{", "{}"],
  ["{}", "["],
  ["{}", "null"],
])("a package.json that cannot be read is taken for another: %j, then %j", (before, after) => {
  expect(asksForOtherPackages(before, after)).toBe(true);
  expect(runsOtherwise(before, after)).toBe(true);
});

test("of two needs the stronger counts, in either order", () => {
  expect(stronger("nothing", "restart")).toBe("restart");
  expect(stronger("install-and-restart", "restart")).toBe("install-and-restart");
  expect(stronger("nothing", "nothing")).toBe("nothing");
});
