/**
 * Owns how mutants are made and judged: `npm run mutation` for all, `npx stryker run --mutate lib/preview/decide.ts` for
 * one file. What is mutated is said by MUTATED: the pure `core` is judged by tests of milliseconds, the `store` by its
 * contract too, one operation by its name, as in `MUTATED=pause npx stryker run`, by the lives that ought to know it.
 *
 * The Lua of `lib/store/scripts` is text to a mutator of TypeScript, which could only empty it; mutants of it are made by
 * name and have to be caught by the simulator. A type alone has no mutants.
 *
 * Results are kept from run to run. What is kept of a static mutant (a table, a schema) does not know of new tests: after
 * writing one for such a survivor run its file with `--force`.
 */
import { judgesOf } from "./tests/mutation/judges.mjs";

const kinds = {
  core: ["lib/preview/*.ts", "lib/store/{keys,member,policy-numbers,reply}.ts"],
  store: ["lib/store/redis-*.ts"],
};

const kind = process.env.MUTATED ?? "core";
const isOperation = judgesOf(kind) !== undefined;

export default {
  testRunner: "vitest",
  vitest: { configFile: "vitest.mutation.config.ts" },
  plugins: ["@stryker-mutator/vitest-runner", "./tests/mutation/stryker-plugins.mjs"],
  mutate: isOperation ? [`lib/preview/operations/${kind}.ts`] : kinds[kind],
  ignorers: ["words"],
  coverageAnalysis: "perTest",
  // Two cores; the tests of a mutant take one.
  concurrency: 1,
  incremental: true,
  incrementalFile: `.local/mutation/${kind}.json`,
  tempDirName: `.local/mutation/sandbox-${kind}`,
  ignorePatterns: [".local", ".next", "coverage", "app", "tests/e2e", "tests/parity"],
  reporters: ["clear-text", "progress-append-only", "json", "tested-enough"],
  jsonReporter: { fileName: `.local/mutation/${kind}-report.json` },
  clearTextReporter: { allowEmojis: false, logTests: false, reportTests: false },
  thresholds: { high: 95, low: 90, break: 90 },
  // Time is virtual in a life: one that takes this much longer than it did goes round in circles.
  timeoutMS: 10_000,
  dryRunTimeoutMinutes: 20,
  allowConsoleColors: false,
};
