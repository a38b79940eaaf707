/**
 * Owns the command: `npm run sim -- --layer 1|2 --seeds N [--seed S] [--replay]`. The last line is one JSON object; it ends
 * with 1 when a rule was broken. One seed is played here with its whole trace; many are shared out among the cores.
 */
import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { playAll } from "./pool";
import { reportOf, storyOf } from "./report";
import { runSeed } from "./run-seed";
import { addSeed, noTotals } from "./totals";

const KEPT_LINES = 100_000;
const TOLD_EVERY_MS = 30_000;

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

function layerOf(text: string): 1 | 2 {
  if (text === "1") return 1;
  if (text === "2") return 2;
  throw new InvalidArgumentError("There are the layers 1 and 2.");
}

const program = new Command("sim")
  .description("Plays seeded histories of faults on the shipping code, and looks for broken promises.")
  .option(
    "--layer <layer>",
    "1: operations, store and scripts; 2: the whole through Inngest",
    layerOf,
    1 as 1 | 2,
  )
  .option("--seeds <n>", "how many seeds, from 1 on", whole, 200)
  .option("--from <seed>", "the first of them", whole, 1)
  .option("--seed <seed>", "this one alone, with its trace", whole)
  .option("--replay", "also every seed that ever failed (tests/sim/seeds.txt)")
  .option("--twice", "each seed twice, whose traces must be the same")
  .parse();

const options = program.opts<{
  layer: 1 | 2;
  seeds: number;
  from: number;
  seed?: number;
  replay?: boolean;
  twice?: boolean;
}>();

/** Lines of `layer seed what it was`. */
function seedsThatFailed(layer: 1 | 2): number[] {
  const lines = readFileSync(new URL("./seeds.txt", import.meta.url), "utf8").split("\n");
  return lines.flatMap((line) => {
    const [, of, seed] = /^([12]) (\d+) /.exec(line) ?? [];
    return of === String(layer) ? [Number(seed)] : [];
  });
}

async function playOne(seed: number) {
  const result = await runSeed(seed, { layer: options.layer, keptLines: KEPT_LINES });
  console.log(storyOf(options.layer, result));
  const totals = noTotals();
  addSeed(totals, result);
  return totals;
}

async function playMany() {
  const counted = Array.from({ length: options.seeds }, (_, index) => options.from + index);
  const seeds = [...(options.replay ? seedsThatFailed(options.layer) : []), ...counted];
  let toldAt = performance.now();
  return playAll({
    layer: options.layer,
    seeds,
    isTwice: options.twice === true,
    told: ({ seeds: played, failed }) => {
      if (performance.now() - toldAt < TOLD_EVERY_MS) return;
      toldAt = performance.now();
      console.log(`${played} of ${seeds.length} seeds, ${failed.length} violations`);
    },
  });
}

const startedAt = performance.now();
const totals = options.seed === undefined ? await playMany() : await playOne(options.seed);
for (const { seed, profile, rule, what } of totals.failed.slice(0, 20)) {
  console.log(`seed ${seed} (${profile}) ${rule}: ${what}`);
  console.log(`  npm run sim -- --layer ${options.layer} --seed ${seed}`);
}
console.log(JSON.stringify(reportOf(options.layer, totals, (performance.now() - startedAt) / 1000)));
process.exitCode = totals.failed.length > 0 ? 1 : 0;
