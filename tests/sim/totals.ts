/**
 * Owns what many seeds come to together: counts that are summed, and the seeds that failed. It must never average anything
 * away: the longest of each is kept. Pure.
 */
import type { SeedResult } from "./run-seed";

export interface FailedSeed {
  readonly seed: number;
  readonly profile: string;
  readonly rule: string;
  readonly what: string;
}

/** Plain numbers by name, so that it crosses processes. */
export type Counts = Record<string, number>;

export interface Totals {
  seeds: number;
  events: number;
  simulatedMs: number;
  longestOrphanMs: number;
  calls: Counts;
  /** By `site fault`. */
  faults: Counts;
  moves: Counts;
  reasons: Counts;
  refusals: Counts;
  failed: FailedSeed[];
}

export const noTotals = (): Totals => ({
  seeds: 0,
  events: 0,
  simulatedMs: 0,
  longestOrphanMs: 0,
  calls: {},
  faults: {},
  moves: {},
  reasons: {},
  refusals: {},
  failed: [],
});

export function addSeed(totals: Totals, result: SeedResult): void {
  totals.seeds += 1;
  totals.events += result.events;
  totals.simulatedMs += result.simulatedMs;
  totals.longestOrphanMs = Math.max(totals.longestOrphanMs, result.longestOrphanMs);
  for (const name of countNames) addCounts(totals[name], Object.fromEntries(result[name]));
  const [first] = result.violations;
  if (first)
    totals.failed.push({ seed: result.seed, profile: result.profile, rule: first.rule, what: first.what });
}

export function addTotals(totals: Totals, more: Totals): void {
  totals.seeds += more.seeds;
  totals.events += more.events;
  totals.simulatedMs += more.simulatedMs;
  totals.longestOrphanMs = Math.max(totals.longestOrphanMs, more.longestOrphanMs);
  for (const name of countNames) addCounts(totals[name], more[name]);
  totals.failed.push(...more.failed);
}

const countNames = ["calls", "faults", "moves", "reasons", "refusals"] as const;

function addCounts(counts: Counts, more: Counts): void {
  for (const [name, count] of Object.entries(more)) counts[name] = (counts[name] ?? 0) + count;
}

export const sumOf = (counts: Counts): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
