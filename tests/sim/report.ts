/**
 * Owns what a run of the simulator tells: one line of JSON with every figure, and for a violation all that is needed to
 * see it and to repeat it. It must never call anything proven: no violation in n seeds is a bound, and the bound is told.
 */
import { reasonSchema } from "@/lib/preview/reasons";
import { stateSchema, transitions } from "@/lib/preview/transitions";
import { callFaults } from "./kernel/faults";
import { sites } from "./kernel/sites";
import type { SeedResult } from "./run-seed";
import { type Counts, sumOf, type Totals } from "./totals";

const DAY_MS = 86_400_000;

export function reportOf(layer: 1 | 2, totals: Totals, seconds: number) {
  const { seeds, failed } = totals;
  return {
    layer,
    seeds,
    events: totals.events,
    calls: sumOf(totals.calls),
    faults: { all: sumOf(totals.faults), byKind: byKind(totals.faults), bySite: bySite(totals.faults) },
    leastMet: leastMet(totals.faults),
    simulatedDays: round(totals.simulatedMs / DAY_MS),
    longestOrphanSeconds: round(totals.longestOrphanMs / 1000),
    violations: failed.length,
    coverage: {
      transitions: missing(allMoves(), totals.moves),
      reasons: missing(reasonSchema.options, totals.reasons),
    },
    refusals: totals.refusals,
    /** With 95 % confidence at most so many seeds of all fail, where none of these did. */
    ruleOfThree: failed.length === 0 ? Number((3 / seeds).toPrecision(2)) : null,
    seconds: round(seconds),
  };
}

/** Everything that a reader needs, readable; the last line is the one command that repeats it. */
export function storyOf(layer: 1 | 2, result: SeedResult): string {
  const violations = result.violations.map(({ rule, what }) => `  ${rule}: ${what}`);
  return [
    ...result.lines,
    `seed ${result.seed}, profile ${result.profile}, fault plan ${JSON.stringify(result.plan)}`,
    ...violations,
    `npm run sim -- --layer ${layer} --seed ${result.seed}`,
  ].join("\n");
}

const round = (number: number): number => Math.round(number * 10) / 10;

function byKind(faults: Counts): Counts {
  return summed(faults, (name) => name.slice(name.indexOf(" ") + 1));
}

function bySite(faults: Counts): Counts {
  return summed(faults, (name) => name.slice(0, name.indexOf(" ")));
}

function summed(faults: Counts, group: (name: string) => string): Counts {
  const sums: Counts = {};
  for (const [name, count] of Object.entries(faults)) sums[group(name)] = (sums[group(name)] ?? 0) + count;
  return sums;
}

/** Of all pairs of a call's site and a fault, those that were met least. */
function leastMet(faults: Counts): readonly (readonly [string, number])[] {
  return sites
    .flatMap((site) =>
      callFaults.map((fault) => [`${site} ${fault}`, faults[`${site} ${fault}`] ?? 0] as const),
    )
    .sort((left, right) => left[1] - right[1])
    .slice(0, 8);
}

function allMoves(): string[] {
  return stateSchema.options.flatMap((from) => transitions[from].map((to) => `${from}>${to}`));
}

function missing(all: readonly string[], met: Counts) {
  return {
    met: all.filter((name) => (met[name] ?? 0) > 0).length,
    all: all.length,
    missing: all.filter((name) => !met[name]),
  };
}
