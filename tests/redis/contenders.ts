/**
 * Owns the proof on a real Redis that of many who claim at once one is granted, and that places are never given twice: a
 * program of its own, `npm run test:redis`. Known-bad variants of the scripts come first, each of which has to be noticed.
 * The last line is JSON. Fails, with what went wrong, on a violation, an unnoticed variant or a missing redis-server.
 */
import { parseArgs } from "node:util";
import { crowdOf, crowdOfProcesses } from "./crowd";
import {
  epochStands,
  type KnownBad,
  madeBad,
  nobodyIsInTheWay,
  noFence,
  placesWithoutEnd,
} from "./known-bad";
import { contend } from "./one-grant";
import { contendForPlaces } from "./places";
import { type Stage, startStage } from "./stage";

/** Each with an equal share of the contenders, beside this one, which looks after the rounds. */
const PROCESSES = 2;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "500" },
    contenders: { type: "string", default: "200" },
    lines: { type: "string", default: "10" },
  },
});
const [rounds, contenders, lines] = [values.rounds, values.contenders, values.lines].map(Number);

async function main(stage: Stage, rounds: number, contenders: number, lines: number): Promise<boolean> {
  const begunAt = performance.now();
  const unnoticed = await unnoticedVariants(stage);
  await stage.empty();
  const contendedAt = performance.now();
  const { crowd, stop } = await crowdOfProcesses(stage.place, contenders, PROCESSES);
  const { violations, roundMs, ...tally } = await contend(
    stage,
    { crowd, stores: stage.stores(contenders) },
    rounds,
  ).finally(stop);
  const queuedAt = performance.now();
  const { violations: ofPlaces, ...placesTally } = await contendForPlaces(
    stage,
    stage.stores(contenders),
    lines,
  );
  const all = [...unnoticed.map((name) => `not noticed: ${name}`), ...violations, ...ofPlaces];
  for (const violation of all.slice(0, 20)) process.stderr.write(`${violation}\n`);
  const isWhole = tally.rounds === rounds && placesTally.lines === lines;
  const sorted = roundMs.toSorted((one, other) => one - other);
  const atShare = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  const summary = {
    ok: all.length === 0 && isWhole,
    contenders,
    ...tally,
    places: placesTally,
    violations: all.length,
    roundMs: { p50: atShare(0.5), p99: atShare(0.99), max: atShare(1) },
    seconds: {
      knownBad: secondsBetween(begunAt, contendedAt),
      rounds: secondsBetween(contendedAt, queuedAt),
      places: secondsBetween(queuedAt, performance.now()),
    },
  };
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  return summary.ok;
}

const secondsBetween = (from: number, to: number): number => Math.round((to - from) / 100) / 10;

/** The names of those of which a few rounds say nothing. */
async function unnoticedVariants(stage: Stage): Promise<string[]> {
  const unnoticed: string[] = [];
  const notice = async (bad: KnownBad, find: () => Promise<{ readonly violations: readonly string[] }>) => {
    await stage.empty();
    const { violations } = await find();
    process.stdout.write(`known bad · ${bad.name}: ${violations[0] ?? "NOT NOTICED"}\n`);
    if (violations.length === 0) unnoticed.push(bad.name);
  };
  for (const bad of [nobodyIsInTheWay, noFence, epochStands])
    await notice(bad, () => {
      const stores = stage.stores(20, madeBad(bad));
      return contend(stage, { crowd: crowdOf(stores), stores }, 6);
    });
  await notice(placesWithoutEnd, () =>
    contendForPlaces(stage, stage.stores(40, madeBad(placesWithoutEnd)), 1),
  );
  return unnoticed;
}

if (!rounds || !contenders || !lines)
  throw new Error("usage: contenders [--rounds N] [--contenders N] [--lines N]");
const stage = await startStage();
try {
  process.exitCode = (await main(stage, rounds, contenders, lines)) ? 0 : 1;
} finally {
  await stage.stop();
}
