/**
 * Owns putting one mutant in the place of what ships, in the process that is started with
 * `--import tsx --import ./tests/sim/mutants/register.ts` and `SIM_MUTANT`. It comes after tsx, so that it is asked first.
 */
import { register } from "node:module";

register("./load-mutant.ts", import.meta.url);
