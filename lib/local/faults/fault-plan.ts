/**
 * Owns which calls meet which fault: rules in, a decision for each call out. No I/O, so the wire of every stand-in and a
 * simulation use the same plan. Each rule draws from a source of its own: the same seed and the same calls give the
 * same faults, and calls that a rule does not mean never shift what it decides. It must never do anything about a
 * fault; that is for whoever asks. Throws `RangeError` for a rule that could not be meant.
 */
import { derivedRandom, type Random } from "@/lib/random";

export interface FaultCall {
  /** The kind of call, as the one who asks names it: `create`, `Process.Start`, `HSET`, … */
  readonly site: string;
  /** Absent where none is named yet, as in `create`, or there are none, as in Redis. */
  readonly sandboxId?: string | undefined;
}

/** Counted in calls that the rule means. */
export type When =
  | { readonly kind: "always" }
  /** The next `count` of them, after letting `skip` pass. */
  | { readonly kind: "next"; readonly count: number; readonly skip?: number | undefined }
  /** The nth, and every nth after it. */
  | { readonly kind: "every"; readonly nth: number }
  | { readonly kind: "probability"; readonly probability: number };

export interface FaultRule<Fault> {
  /** A site; `*` for all, `Process.*` for those that begin so. */
  readonly site: string;
  /** Default: all. */
  readonly sandboxId?: string | undefined;
  readonly when: When;
  readonly fault: Fault;
}

export interface InjectedFault<Fault> {
  readonly fault: Fault;
  /** Seeded, in [0, 1): for what is chosen within a fault, such as the length of a delay. */
  readonly fraction: number;
}

/** Zero in `met` tells of a rule that means nothing that happens. */
export interface RuleReport<Fault> {
  readonly id: string;
  readonly rule: FaultRule<Fault>;
  readonly met: number;
  readonly injected: number;
}

interface ActiveRule<Fault> {
  readonly id: string;
  readonly rule: FaultRule<Fault>;
  readonly random: Random;
  met: number;
  injected: number;
}

export class FaultPlan<Fault extends { readonly kind: string }> {
  private active: ActiveRule<Fault>[] = [];
  private added = 0;
  private readonly counts = new Map<string, Map<string, number>>();

  constructor(private readonly random: Random) {}

  /** Its id, for `remove`. */
  add(rule: FaultRule<Fault>): string {
    refuseNonsense(rule.when);
    this.added += 1;
    const id = `fault-${this.added}`;
    const random = derivedRandom(this.random);
    this.active.push({ id, rule, random, met: 0, injected: 0 });
    return id;
  }

  /** False when there is no such rule. */
  remove(id: string): boolean {
    const left = this.active.filter((each) => each.id !== id);
    const isFound = left.length < this.active.length;
    this.active = left;
    return isFound;
  }

  clear(): void {
    this.active = [];
  }

  /** What this call meets, in the order in which the rules were added. To be asked once a call. */
  next(call: FaultCall): InjectedFault<Fault>[] {
    const faults: InjectedFault<Fault>[] = [];
    for (const active of this.active) {
      if (!means(active.rule, call)) continue;
      active.met += 1;
      // Both are drawn whatever comes of it, so that a rule's decisions are independent of each other.
      const [chance, fraction] = [active.random.fraction(), active.random.fraction()];
      if (!strikes(active.rule.when, active.met, chance)) continue;
      active.injected += 1;
      this.count(call.site, active.rule.fault.kind);
      faults.push({ fault: active.rule.fault, fraction });
    }
    return faults;
  }

  rules(): RuleReport<Fault>[] {
    return this.active.map(({ id, rule, met, injected }) => ({ id, rule, met, injected }));
  }

  /** Since the start, by site and then by the fault's kind; of rules that were removed as well. */
  injected(): Record<string, Record<string, number>> {
    return Object.fromEntries([...this.counts].map(([site, kinds]) => [site, Object.fromEntries(kinds)]));
  }

  private count(site: string, kind: string): void {
    const kinds = this.counts.get(site) ?? new Map<string, number>();
    this.counts.set(site, kinds.set(kind, (kinds.get(kind) ?? 0) + 1));
  }
}

function means(rule: FaultRule<unknown>, { site, sandboxId }: FaultCall): boolean {
  if (rule.sandboxId !== undefined && rule.sandboxId !== sandboxId) return false;
  return rule.site.endsWith("*") ? site.startsWith(rule.site.slice(0, -1)) : site === rule.site;
}

function strikes(when: When, met: number, chance: number): boolean {
  switch (when.kind) {
    case "always":
      return true;
    case "next": {
      const { count, skip = 0 } = when;
      return met > skip && met <= skip + count;
    }
    case "every":
      return met % when.nth === 0;
    case "probability":
      return chance < when.probability;
  }
}

/** In process the types do not say so; over HTTP the shape does. */
function refuseNonsense(when: When): void {
  switch (when.kind) {
    case "always":
      return;
    case "next":
      if (!isWhole(when.count, 1) || !isWhole(when.skip ?? 0, 0))
        throw new RangeError("next needs whole numbers");
      return;
    case "every":
      if (!isWhole(when.nth, 1)) throw new RangeError("every needs a whole number from 1");
      return;
    case "probability":
      if (!(when.probability >= 0 && when.probability <= 1))
        throw new RangeError("probability is from 0 to 1");
  }
}

function isWhole(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least;
}
