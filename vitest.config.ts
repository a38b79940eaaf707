import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const isLive = process.env.E2B_LIVE === "1";
const root = fileURLToPath(new URL(".", import.meta.url)).replace(/\/$/, "");
const partFiles = "tests/{unit,lifecycle,parity,property,replay}/**/*.test.ts";

/** What they replace (a module, the environment) may be that of the whole process, so each has one of its own. */
const replacing = readdirSync(join(root, "tests"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".test.ts"))
  .map((path) => join("tests", path))
  .filter((path) =>
    /\bvi\.(mock|doMock|stub\w+|useFakeTimers)\(/.test(readFileSync(join(root, path), "utf8")),
  );

const replacingIn = (...folders: string[]) =>
  replacing.filter((path) => folders.some((folder) => path.startsWith(join("tests", folder, "/"))));

export default defineConfig({
  resolve: { alias: { "@": root } },
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Vitest leaves a core to itself, of two as well: but once all is loaded it has next to nothing to do.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Conditions on real processes are polled; the default of a second is too short for two busy cores.
    expect: { poll: { timeout: 30_000, interval: 50 } },
    projects: [
      {
        extends: true,
        // Files share a process, as in the contracts: to load Inngest's, E2B's and our modules anew, and to compile them
        // anew as they run, is a third of what a file takes in a process of its own.
        test: {
          name: "parts",
          include: [partFiles],
          exclude: replacing,
          isolate: false,
          setupFiles: ["tests/support/plain-environment.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "parts-alone",
          include: replacingIn("unit", "lifecycle", "parity", "property", "replay"),
        },
      },
      { extends: true, test: { name: "contract-alone", include: isLive ? [] : replacingIn("contract") } },
      {
        extends: true,
        test: isLive
          ? // E2B itself, by `npm run test:live`: one file at a time, to stay far below the account's limits.
            { name: "contract", include: ["tests/contract/e2b/shared/**/*.test.ts"], fileParallelism: false }
          : {
              name: "contract",
              include: ["tests/contract/**/*.test.ts"],
              exclude: replacing,
              isolate: false,
            },
      },
      {
        extends: true,
        // Each file has a dev server, a browser or a build to itself, and the machine as well.
        test: {
          name: "whole",
          include: ["tests/e2e/**/*.test.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
