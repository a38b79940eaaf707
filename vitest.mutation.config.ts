/**
 * Owns which tests judge a mutant, all of them in this process and none of them with a redis-server, other processes or a
 * browser: of the pure core those that take milliseconds, of the store's adapters its contract on our own engine as well,
 * of an operation its own tests and whole lives in virtual time. The cheap ones run first, because the first failure ends
 * it.
 */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { judgesOf } from "./tests/mutation/judges.mjs";

const root = fileURLToPath(new URL(".", import.meta.url)).replace(/\/$/, "");

const core = [
  "tests/unit/*.test.ts",
  "tests/unit/{preview,store}/**/*.test.ts",
  "tests/property/**/*.test.ts",
];
const testsOf: Readonly<Record<string, readonly string[]>> = {
  core,
  store: [...core, "tests/contract/store/**/*.test.ts"],
};
const mutated = process.env.MUTATED ?? "core";

/** Whole worlds by the dozen, for minutes each: a mutant that lives would cost all of them. */
const long = [
  "tests/property/{replays,requests,staying}.test.ts",
  // Of other folders.
  "tests/property/{files,step-outcomes,webhooks}.test.ts",
  "tests/contract/store/scale.contract.test.ts",
];

/** A file stands with the longest of these that it begins with. */
const byCost = [
  "tests/unit/",
  "tests/property/",
  "tests/contract/",
  "tests/lifecycle/operations/",
  "tests/lifecycle/",
];

class CheapFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const cost = ({ moduleId }: TestSpecification) => {
      const matching = byCost.filter((beginning) => moduleId.startsWith(`${root}/${beginning}`));
      return byCost.indexOf(matching.toSorted((left, right) => right.length - left.length)[0] ?? "");
    };
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
    include: [...(judgesOf(mutated) ?? testsOf[mutated] ?? [])],
    exclude: long,
    isolate: false,
    reporters: ["./tests/mutation/failed-loads.mjs"],
    sequence: { sequencer: CheapFirst },
    // Without a PATH there is no redis-server: what holds on both engines is judged on ours.
    env: { PATH: "" },
  },
});
