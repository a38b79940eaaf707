/**
 * Owns the mutants of all operations: a run of its own for each, since each has judges of its own. It ends with 1 when
 * any of them is below the bar. `MUTATED=pause npx stryker run` is one of them.
 */
import { spawnSync } from "node:child_process";
import { judges } from "./judges.mjs";

for (const operation of Object.keys(judges)) {
  const env = { ...process.env, MUTATED: operation };
  const { status } = spawnSync("npx", ["stryker", "run"], { env, stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
