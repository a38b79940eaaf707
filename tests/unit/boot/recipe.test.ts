/** What is detected from a Node project's files. */
import { expect, test } from "vitest";
import { detectRecipe } from "@/lib/boot/recipe";
import { NoRecipeError } from "@/lib/errors";

const withDependency = { scripts: { dev: "node server.js" }, dependencies: { sirv: "3.0.2" } };

test.each([
  ["package-lock.json", "npm ci", "npm run dev"],
  ["npm-shrinkwrap.json", "npm ci", "npm run dev"],
  ["pnpm-lock.yaml", "pnpm i --frozen-lockfile", "pnpm run dev"],
  ["yarn.lock", "yarn install --frozen-lockfile", "yarn run dev"],
  ["bun.lock", "bun install --frozen-lockfile", "bun run dev"],
  ["bun.lockb", "bun install --frozen-lockfile", "bun run dev"],
])(
  "a project with %s is installed as locked and started by its package manager",
  (lockfile, install, start) => {
    expect(detect(withDependency, lockfile)).toEqual({ install, start, port: 3000 });
  },
);

test("without a lockfile the packageManager field names who installs", () => {
  const recipe = detect({ ...withDependency, packageManager: "pnpm@10.4.1" });
  expect(recipe).toMatchObject({ install: "pnpm i", start: "pnpm run dev" });
});

test("without a lockfile and a packageManager field npm installs", () => {
  expect(detect(withDependency)).toMatchObject({ install: "npm i", start: "npm run dev" });
});

test("a lockfile wins over a packageManager field that names another", () => {
  const recipe = detect({ ...withDependency, packageManager: "pnpm@10.4.1" }, "package-lock.json");
  expect(recipe.install).toBe("npm ci");
});

test("of two lockfiles the packageManager field picks its own", () => {
  const project = { ...withDependency, packageManager: "npm@11.0.0" };
  expect(detect(project, "pnpm-lock.yaml", "package-lock.json").install).toBe("npm ci");
});

test("a workspace file names pnpm and is no lockfile", () => {
  expect(detect(withDependency, "pnpm-workspace.yaml").install).toBe("pnpm i");
  expect(detect(withDependency, "pnpm-workspace.yaml", "pnpm-lock.yaml").install).toBe(
    "pnpm i --frozen-lockfile",
  );
});

test("a lockfile in a folder below does not count", () => {
  expect(detect(withDependency, "packages/site/pnpm-lock.yaml").install).toBe("npm i");
});

test.each([
  ["no dependency fields", {}],
  ["empty dependency fields", { dependencies: {}, devDependencies: {} }],
])("a project with %s installs nothing", (_name, fields) => {
  const recipe = detect({ scripts: { dev: "node server.js" }, ...fields }, "package-lock.json");
  expect(recipe).toEqual({ start: "npm run dev", port: 3000 });
});

test("a development dependency alone is installed", () => {
  const project = { scripts: { dev: "tsx server.ts" }, devDependencies: { tsx: "4.0.0" } };
  expect(detect(project, "package-lock.json").install).toBe("npm ci");
});

test("the dev script goes before the start script", () => {
  expect(detect({ scripts: { start: "node built.js", dev: "node server.js" } }).start).toBe("npm run dev");
});

test.each([
  ["absent", { start: "node server.js" }],
  ["empty", { dev: "", start: "node server.js" }],
])("the start script is taken when the dev script is %s", (_name, scripts) => {
  expect(detect({ scripts }).start).toBe("npm run start");
});

test.each([
  ["package-lock.json", "npm run dev -- --host 0.0.0.0 --port 3000 --strictPort"],
  ["pnpm-lock.yaml", "pnpm run dev --host 0.0.0.0 --port 3000 --strictPort"],
  ["yarn.lock", "yarn run dev --host 0.0.0.0 --port 3000 --strictPort"],
  ["bun.lock", "bun run dev --host 0.0.0.0 --port 3000 --strictPort"],
])("vite, which does not read PORT, gets host and port as flags (%s)", (lockfile, start) => {
  expect(detect({ scripts: { dev: "vite" }, devDependencies: { vite: "7.0.0" } }, lockfile).start).toBe(
    start,
  );
});

test.each(["vite dev", "npx vite", "NODE_ENV=development vite", "tsc --noEmit && vite"])(
  "the script %o ends in vite, so flags reach it",
  (dev) => {
    expect(detect({ scripts: { dev } }).start).toContain("--strictPort");
  },
);

test.each(["next dev", "vite build && node server.js", "node vite-server.js", "vitest"])(
  "the script %o does not end in vite, so it gets no flags of vite's",
  (dev) => {
    const project = { scripts: { dev }, devDependencies: { vite: "7.0.0", vitest: "4.0.0" } };
    expect(detect(project).start).toBe("npm run dev");
  },
);

test("astro gets host and port as flags", () => {
  const project = { scripts: { dev: "astro dev" }, dependencies: { astro: "5.0.0" } };
  expect(detect(project).start).toBe("npm run dev -- --host 0.0.0.0 --port 3000");
});

test("package.json is read from bytes as from text", () => {
  const text = JSON.stringify(withDependency);
  const files = [{ path: "package.json", content: new TextEncoder().encode(text) }];
  expect(detectRecipe(files)).toEqual(detectRecipe([{ path: "package.json", content: text }]));
});

test.each([
  ["cut off", '{"scripts": {'],
  ["not an object", '"text"'],
  ["with a script that is not text", '{"scripts": {"dev": 1}}'],
])("a package.json that is %s is refused with what is wrong", (_name, content) => {
  expect(() => detectRecipe([{ path: "package.json", content }])).toThrow(NoRecipeError);
  expect(() => detectRecipe([{ path: "package.json", content }])).toThrow("cannot be read");
});

test("a project without package.json at its root is refused with that reason", () => {
  const files = [{ path: "site/package.json", content: JSON.stringify(withDependency) }];
  expect(() => detectRecipe(files)).toThrow(NoRecipeError);
  expect(() => detectRecipe(files)).toThrow("no package.json at its root");
});

test.each([
  ["no scripts", {}],
  ["only other scripts", { scripts: { build: "tsc", test: "vitest" } }],
])("a project with %s is refused with what to add", (_name, project) => {
  expect(() => detect(project)).toThrow(NoRecipeError);
  expect(() => detect(project)).toThrow('Add a "dev" or "start" script');
});

/** The recipe of a project with this package.json and, beside it, empty files at these paths. */
function detect(manifest: object, ...paths: string[]): ReturnType<typeof detectRecipe> {
  return detectRecipe([
    { path: "package.json", content: JSON.stringify(manifest) },
    ...paths.map((path) => ({ path, content: "" })),
  ]);
}
