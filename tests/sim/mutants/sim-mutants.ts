/**
 * Owns the command `npm run sim:mutants`: the test of the simulator itself. Every mutant must break a rule within 5,000
 * seeds, or it ends with 1: then the simulator is blind to what that mutant gives up. The shipping code itself, over the
 * seeds that caught them and the first ones, must break none. The last line is one JSON object.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import { playAll } from "../pool";
import { changed, type Mutant, rootUrl } from "./change";
import { mutantOf, mutants } from "./mutants";

const whole = (text: string): number => {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
};

const program = new Command("sim:mutants")
  .description("Plays known-bad variants of the shipping code, each until the simulator has found it out.")
  .option("--seeds <n>", "how many seeds a mutant may live for", whole, 5_000)
  .option("--only <names...>", "these mutants alone")
  .option("--learn", "begin at seed 1, and write down which seed caught each")
  .parse();
const options = program.opts<{ seeds: number; only?: string[]; learn?: boolean }>();

/** The first seed that caught each when it was last looked for from 1 on: played first, because it mostly still does. */
const hintsUrl = new URL("./caught-by.json", import.meta.url);
const hintsSchema = z.record(z.string(), z.number().int());
const hints = hintsSchema.parse(JSON.parse(readFileSync(hintsUrl, "utf8")));

const CONTROL_SEEDS = 40;

interface Caught {
  readonly seed: number;
  readonly rule: string;
  /** The seed was known from before; else it was looked for from 1 on. */
  readonly isByHint: boolean;
}

async function playMutant(mutant: Mutant): Promise<Caught | undefined> {
  const hint = options.learn ? undefined : hints[mutant.name];
  if (hint !== undefined) {
    const caught = await firstCaught(mutant, [hint]);
    if (caught) return { ...caught, isByHint: true };
  }
  const caught = await firstCaught(mutant, seedsUpTo(options.seeds));
  return caught && { ...caught, isByHint: false };
}

async function firstCaught(mutant: Mutant, seeds: readonly number[]) {
  const { failed } = await playAll({
    layer: 1,
    seeds,
    untilFirst: true,
    processes: 1,
    mutant,
  });
  const [first] = failed;
  return first && { seed: first.seed, rule: first.rule, what: first.what };
}

const seedsUpTo = (most: number): number[] => Array.from({ length: most }, (_, index) => index + 1);

/** Before anything is played: a change that does not fit is told at once. */
function mustAllFit(): void {
  for (const mutant of mutants)
    for (const file of new Set(mutant.edits.map((edit) => edit.file)))
      changed(mutant, file, readFileSync(new URL(file, rootUrl), "utf8"));
}

async function playEach(chosen: readonly Mutant[]): Promise<Map<string, Caught | undefined>> {
  const found = new Map<string, Caught | undefined>();
  const left = [...chosen];
  const work = async (): Promise<void> => {
    for (let mutant = left.shift(); mutant; mutant = left.shift()) {
      const startedAt = performance.now();
      const caught = await playMutant(mutant);
      found.set(mutant.name, caught);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      const how = caught ? `seed ${caught.seed}, ${caught.rule}` : `NOT CAUGHT in ${options.seeds} seeds`;
      console.log(`${mutant.name} (${mutant.what}): ${how}, ${seconds} s`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return found;
}

function learn(found: ReadonlyMap<string, Caught | undefined>): void {
  const learned = { ...hints };
  for (const [name, caught] of found) if (caught) learned[name] = caught.seed;
  const known = mutants.flatMap(({ name }) => (learned[name] === undefined ? [] : [[name, learned[name]]]));
  writeFileSync(hintsUrl, `${JSON.stringify(Object.fromEntries(known), null, 2)}\n`);
}

mustAllFit();
const startedAt = performance.now();
const chosen = options.only ? options.only.map(mutantOf) : mutants;
const found = await playEach(chosen);
if (options.learn) learn(found);
const caughtBy = [...found.values()].flatMap((caught) => (caught ? [caught.seed] : []));
const control = await playAll({
  layer: 1,
  seeds: [...new Set([...caughtBy, ...seedsUpTo(CONTROL_SEEDS)])],
});
for (const { seed, rule, what } of control.failed)
  console.log(`the shipping code breaks ${rule} at seed ${seed}: ${what}`);
const notCaught = chosen.filter(({ name }) => !found.get(name)).map(({ name }) => name);
console.log(
  JSON.stringify({
    mutants: Object.fromEntries(chosen.map(({ name }) => [name, found.get(name) ?? null])),
    notCaught,
    control: { seeds: control.seeds, violations: control.failed.length },
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
  }),
);
process.exitCode = notCaught.length > 0 || control.failed.length > 0 ? 1 : 0;
