/**
 * Owns how mutants of the pure core are made and judged: by unit tests and properties alone, so that each costs a second
 * or two. `npm run mutation` for all, `npx stryker run --mutate lib/preview/decide.ts` for one file. Results are kept from
 * run to run, and a second run tests only what changed.
 */
export default {
  testRunner: "vitest",
  vitest: { configFile: "vitest.mutation.config.ts" },
  plugins: ["@stryker-mutator/vitest-runner", "./tests/mutation/stryker-plugins.mjs"],
  mutate: ["lib/preview/*.ts", "lib/store/{keys,member,policy-numbers,reply}.ts"],
  ignorers: ["words"],
  coverageAnalysis: "perTest",
  // Two cores; the tests of a mutant take one.
  concurrency: 1,
  incremental: true,
  incrementalFile: ".local/mutation/core.json",
  tempDirName: ".local/mutation/sandbox",
  ignorePatterns: [".local", ".next", "coverage", "app", "tests/e2e", "tests/parity"],
  reporters: ["clear-text", "progress-append-only", "json", "tested-enough"],
  jsonReporter: { fileName: ".local/mutation/core-report.json" },
  clearTextReporter: { allowEmojis: false, logTests: false, reportTests: false },
  thresholds: { high: 95, low: 90, break: 90 },
  timeoutMS: 20_000,
  allowConsoleColors: false,
};
