/**
 * Owns the command: `npm run test:crashpoints -- [--pairs share] [--seed S] [--life name] [--case "life 3:stall"]`. Every
 * call of every life with every fault, and the pairs of them or a share of these. The last line is one JSON object; it ends
 * with 1 when anything did not converge.
 */
import { Command, InvalidArgumentError } from "commander";
import { createFunctions } from "@/functions";
import { isDrawn, pairsOf, singlesOf } from "./cases";
import { functionsWithoutLife, lifeNamed, lives } from "./lives";
import { caseOf, crashFaults } from "./planned";
import { playCase } from "./play-case";
import type { Outcome } from "./play-cases";
import { startPlayers } from "./share-out";
import { setStage } from "./stage";

const KEPT_LINES = 10_000;
const MOST_TOLD = 40;
const TOLD_EVERY_MS = 30_000;

function shareOf(text: string): number {
  const share = Number(text);
  if (text === "" || !(share >= 0 && share <= 1)) throw new InvalidArgumentError("It must be 0 to 1.");
  return share;
}

const options = new Command("test:crashpoints")
  .description(
    "Befalls every call of every function and operation with every fault, and two of them at once.",
  )
  .option("--pairs <share>", "so much of all pairs: 0 for none, 1 for all", shareOf, 1)
  .option("--seed <seed>", "which part of the pairs, where it is not all", Number, 1)
  .option("--life <name>", "this one alone")
  .option("--case <case>", "this one alone, with its whole trace")
  .parse()
  .opts<{ pairs: number; seed: number; life?: string; case?: string }>();

const startedAt = performance.now();
if (options.case === undefined) await playMany();
else await playOne(options.case);
process.exit();

async function playOne(text: string): Promise<void> {
  const { life, faults } = caseOf(text);
  const { lines, violations, calls } = await playCase(lifeNamed(life), faults, KEPT_LINES);
  for (const line of lines) console.log(line);
  console.log(calls.map(({ of, site, at }, index) => `${index + 1} +${at} ms ${of} ${site}`).join("\n"));
  console.log(violations.length === 0 ? "it converges" : violations.join("\n"));
  process.exitCode = violations.length === 0 ? 0 : 1;
}

async function playMany(): Promise<void> {
  const chosen = options.life === undefined ? lives : [lifeNamed(options.life)];
  const failed: Outcome[] = [];
  let toldAt = performance.now();
  let played = 0;
  const players = await startPlayers();
  const play = async (cases: readonly string[], told: (outcome: Outcome) => void = () => undefined) => {
    await players.play(cases, (outcome) => {
      played += 1;
      if (outcome.violations.length > 0) tellFailed(failed, outcome);
      told(outcome);
      if (performance.now() - toldAt < TOLD_EVERY_MS) return;
      toldAt = performance.now();
      console.log(`${played} cases, ${failed.length} violations`);
    });
  };

  const forgotten = functionsWithoutLife(await idsOfFunctions());
  for (const id of forgotten) console.log(`${id} ships and is under test in no life of tests/crashpoints`);

  const clean = new Map<string, Outcome>();
  await play(
    chosen.map(({ name }) => name),
    (outcome) => clean.set(outcome.text, outcome),
  );
  const singles = chosen.flatMap(({ name }) => singlesOf(name, sumOf(clean.get(name))));
  const pairs: string[] = [];
  const hasPairs = new Set(chosen.filter((life) => life.hasPairs).map(({ name }) => name));
  await play(singles, (outcome) => {
    if (hasPairs.has(caseOf(outcome.text).life)) pairs.push(...pairsOf(outcome.text, sumOf(outcome)));
  });
  const drawn = pairs.filter((pair) => isDrawn(pair, options.pairs, options.seed)).sort();
  await play(drawn);
  players.end();

  const calls: Record<string, number> = {};
  for (const { name } of chosen)
    for (const [of, count] of Object.entries(clean.get(name)?.calls ?? {})) calls[`${name}: ${of}`] = count;
  console.log(
    JSON.stringify({
      lives: chosen.length,
      functions: functionsUnderTest(chosen),
      faults: crashFaults,
      calls,
      singles: singles.length,
      pairs: { played: drawn.length, of: pairs.length, seed: options.pairs < 1 ? options.seed : null },
      violations: failed.length + forgotten.length,
      seconds: Math.round((performance.now() - startedAt) / 1000),
    }),
  );
  process.exitCode = failed.length + forgotten.length === 0 ? 0 : 1;
}

async function idsOfFunctions(): Promise<string[]> {
  const { world } = await setStage({ underTest: [], faults: [], policy: {}, keptLines: 0 });
  return createFunctions(world.anyRuntime()).map(({ opts }) => opts.id);
}

function functionsUnderTest(chosen: typeof lives): string[] {
  return [...new Set(chosen.flatMap(({ underTest }) => underTest))].sort();
}

function tellFailed(failed: Outcome[], outcome: Outcome): void {
  failed.push(outcome);
  if (failed.length > MOST_TOLD) return;
  console.log(`${outcome.text}: ${outcome.violations.join("; ")}`);
  console.log(`  npm run test:crashpoints -- --case "${outcome.text}"`);
}

function sumOf(outcome: Outcome | undefined): number {
  return Object.values(outcome?.calls ?? {}).reduce((sum, count) => sum + count, 0);
}
