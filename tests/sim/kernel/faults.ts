/**
 * Owns what goes wrong at a call, and how often: each seed draws its own rates, and favours one kind at one site, so that
 * rare sites meet every kind as well. F1 to F5, F7, F10 and F12 of the fault model happen at calls; the others to workers,
 * events and services. It must never draw while the world is healed. Cannot fail.
 */
import type { Dice } from "./dice";
import { numberOfSite } from "./sites";

/** Of the fault model: what may happen to any call. */
export const callFaults = [
  "error-before",
  "error-after",
  "crash-before",
  "crash-after",
  "stall",
  "late",
  "malformed",
] as const;
export type CallFault = (typeof callFaults)[number];

/** Probability of each at any one call. */
export type Rates = Readonly<Record<CallFault, number>>;

export interface FaultPlan {
  readonly rates: Rates;
  /** One kind that befalls calls of one site more often than any other. */
  readonly favourite: { readonly fault: CallFault; readonly site: number };
  /** How often a list of the provider's leaves out or repeats what was true a moment ago. */
  readonly staleLists: number;
  /** Of an event: that it comes again, and that it comes late. */
  readonly repeated: number;
  readonly delayed: number;
  /** How often what Inngest would hold back (debounce, singleton, cancelOn) comes all the same. */
  readonly unheeded: number;
  /** Between which each worker's clock is off. */
  readonly skewMs: readonly [least: number, most: number];
}

/** Where most depends on what is believed of an answer: they are favoured more often than the others. */
const delicate = [
  "sandboxes.create",
  "sandboxes.pause",
  "sandboxes.kill",
  "sandboxes.observe",
  "events.send",
  "redis.commit",
];

/** F8: each worker's clock is off by itself, or all of them to one side of the services'. */
const MOST_SKEW_MS = 5 * 60_000;
const skews: readonly FaultPlan["skewMs"][] = [
  [0, 0],
  [0, 0],
  [0, 0],
  [-MOST_SKEW_MS, MOST_SKEW_MS],
  [-MOST_SKEW_MS, MOST_SKEW_MS],
  [-MOST_SKEW_MS, -0.8 * MOST_SKEW_MS],
  [0.8 * MOST_SKEW_MS, MOST_SKEW_MS],
];

/** Some seeds are gentle, so that long chains of what normally happens are reached as well. */
export function drawFaultPlan(dice: Dice, sites: number): FaultPlan {
  const force = dice.pick([0, 0.4, 0.7, 1]);
  const upTo = (most: number) => dice.between(0, most) * force;
  return {
    rates: {
      "error-before": upTo(0.12),
      "error-after": upTo(0.14),
      "crash-before": upTo(0.06),
      "crash-after": upTo(0.06),
      stall: upTo(0.05),
      late: upTo(0.08),
      malformed: upTo(0.06),
    },
    favourite: {
      fault: dice.pick(callFaults),
      site: dice.happens(0.25) ? numberOfSite(dice.pick(delicate)) : Math.floor(dice.between(0, sites)),
    },
    staleLists: upTo(0.5),
    repeated: upTo(0.3),
    delayed: upTo(0.2),
    unheeded: upTo(0.3),
    skewMs: dice.pick(skews),
  };
}

export const noFaults: FaultPlan = {
  rates: {
    "error-before": 0,
    "error-after": 0,
    "crash-before": 0,
    "crash-after": 0,
    stall: 0,
    late: 0,
    malformed: 0,
  },
  favourite: { fault: "error-before", site: -1 },
  staleLists: 0,
  repeated: 0,
  delayed: 0,
  unheeded: 0,
  skewMs: [0, 0],
};

/** So often the favourite befalls its site. */
const FAVOURED = 0.35;

/** What befalls a call of this site, if anything. */
export function faultOf(plan: FaultPlan, dice: Dice, site: number): CallFault | undefined {
  if (site === plan.favourite.site && dice.happens(FAVOURED)) return plan.favourite.fault;
  let drawn = dice.between(0, 1);
  for (const fault of callFaults) {
    if (drawn < plan.rates[fault]) return fault;
    drawn -= plan.rates[fault];
  }
  return undefined;
}

/** Longer than a lease, often; F4 without it would find nothing (a stall must outlive the claim). */
export const longestStallMs = 180_000;
export const stallMs = (dice: Dice): number => dice.between(5_000, longestStallMs);

/** When a call that nobody waits for any more takes effect after all. */
export const lateMs = (dice: Dice): number => dice.mostlyShort(latestMs);

export const latestMs = 120_000;

/** How long a service may take that is slow, and not down: longer than a lease, so that who waits is overtaken. */
export const slowestMs = 150_000;
