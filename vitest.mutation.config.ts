/**
 * Owns which tests judge a mutant, all of them in this process: of the pure core those that take milliseconds, of the
 * operations and the store's adapters whole lives in virtual time as well. The cheap ones run first, because the first
 * failure ends it. No redis-server, no processes, no browser.
 */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const root = fileURLToPath(new URL(".", import.meta.url)).replace(/\/$/, "");

const core = [
  "tests/unit/*.test.ts",
  "tests/unit/{preview,store}/**/*.test.ts",
  "tests/property/**/*.test.ts",
];
const shell = ["tests/contract/store/**/*.test.ts", "tests/lifecycle/**/*.test.ts"];

/** Whole worlds by the dozen: minutes each, and what they find the others find. */
const long = [
  "tests/property/{replays,requests,staying}.test.ts",
  // Of other folders.
  "tests/property/{files,step-outcomes,webhooks}.test.ts",
  "tests/contract/store/scale.contract.test.ts",
  "tests/lifecycle/{cost,crowd,audit-scale}.test.ts",
  "tests/lifecycle/wishes/**",
];

const byCost = ["tests/unit/", "tests/property/", "tests/contract/", "tests/lifecycle/"];

class CheapFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const cost = ({ moduleId }: TestSpecification) => byCost.findIndex((folder) => moduleId.includes(folder));
    return files.toSorted(
      (left, right) => cost(left) - cost(right) || left.moduleId.localeCompare(right.moduleId),
    );
  }
}

export default defineConfig({
  resolve: { alias: { "@": root } },
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: process.env.MUTATED === "shell" ? [...core, ...shell] : core,
    exclude: long,
    isolate: false,
    reporters: ["./tests/mutation/failed-loads.mjs"],
    sequence: { sequencer: CheapFirst },
    // Without a PATH there is no redis-server: what holds on both engines is judged on ours.
    env: { PATH: "" },
  },
});
