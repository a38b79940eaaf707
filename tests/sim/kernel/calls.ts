/**
 * Owns every call out of the shipping code: how long it takes, what befalls it, and the counts of both. Each fault of the
 * plan may befall each call: not applied, applied and the answer lost, the process dead before or after, stalled past the
 * lease, applied later although the caller was told that it failed, answered with nonsense. It must never change what a
 * call that nothing befalls answers.
 */
import { sleep } from "@/lib/clock";
import type { Dice } from "./dice";
import { type CallFault, type FaultPlan, faultOf, lateMs, stallMs } from "./faults";
import type { SimClock } from "./sim-clock";
import { numberOfSite } from "./sites";
import type { Trace } from "./trace";
import type { Worker } from "./worker";

export type Service = "redis" | "sandboxes" | "files" | "events" | "probe";

/** One call: where it goes, and how it fails. */
export interface Call<T> {
  readonly service: Service;
  readonly site: string;
  readonly about: string;
  readonly latencyMs: number;
  readonly apply: () => Promise<T>;
  /** No answer came; whether anything happened, the caller cannot tell. */
  readonly unanswered: () => T | Promise<T>;
  /** An answer came that is none. */
  readonly malformed: () => T | Promise<T>;
}

export interface CallParts {
  readonly clock: SimClock;
  readonly dice: Dice;
  readonly trace: Trace;
  readonly plan: () => FaultPlan;
  /** After anything took effect; `isLate`: nobody waits for it any more. */
  readonly applied: (site: string, about: string, isLate: boolean) => void;
}

export class Calls {
  readonly made = new Map<string, number>();
  /** By `site fault`. */
  readonly befallen = new Map<string, number>();
  /** Until when a service answers nobody. */
  readonly outages = new Map<Service, number>();
  /** Until when a service takes its time before it does what it is asked. */
  readonly slow = new Map<Service, { readonly until: number; readonly mostMs: number }>();
  /** For tests that plan one by one: what befalls the next calls, instead of chance. */
  scripted: ((site: string, worker: Worker) => CallFault | undefined) | undefined;
  /** For those too: how long every stall takes, instead of chance. */
  scriptedStallMs: number | undefined;

  constructor(private readonly parts: CallParts) {}

  async make<T>(worker: Worker, call: Call<T>): Promise<T> {
    const { clock, dice, trace } = this.parts;
    const { site, apply } = call;
    if (worker.isDead) return worker.die();
    this.made.set(site, (this.made.get(site) ?? 0) + 1);
    const fault = this.scripted
      ? this.scripted(site, worker)
      : faultOf(this.parts.plan(), dice, numberOfSite(site));
    await sleep(clock, call.latencyMs + this.slownessMs(call.service));
    if (worker.isDead) return worker.die();
    if (fault) this.count(site, fault);
    if ((this.outages.get(call.service) ?? 0) > clock.now()) {
      this.count(site, "outage");
      return call.unanswered();
    }
    trace.note(`${worker.name} ${site} ${call.about}${fault ? ` !${fault}` : ""}`);
    switch (fault) {
      case undefined:
        return this.applied(worker, call, apply);
      case "error-before":
        return call.unanswered();
      case "error-after":
        await this.applied(worker, call, apply).catch(() => undefined);
        return call.unanswered();
      case "malformed":
        await this.applied(worker, call, apply).catch(() => undefined);
        return call.malformed();
      case "crash-before":
        return worker.die();
      case "crash-after":
        await this.applied(worker, call, apply).catch(() => undefined);
        return worker.die();
      case "stall":
        await sleep(clock, this.scriptedStallMs ?? stallMs(dice));
        return worker.isDead ? worker.die() : this.applied(worker, call, apply);
      case "late":
        void this.applyLater(call);
        return call.unanswered();
    }
  }

  private slownessMs(service: Service): number {
    const slow = this.slow.get(service);
    return slow && this.parts.clock.now() < slow.until ? this.parts.dice.between(0, slow.mostMs) : 0;
  }

  count(site: string, fault: string): void {
    const key = `${site} ${fault}`;
    this.befallen.set(key, (this.befallen.get(key) ?? 0) + 1);
  }

  private async applied<T>(worker: Worker, { site, about }: Call<T>, apply: () => Promise<T>): Promise<T> {
    try {
      const answer = await apply();
      return worker.isDead ? await worker.die() : answer;
    } finally {
      this.parts.applied(site, about, false);
    }
  }

  /** Nobody waits for it any more; that it is refused by then is as good as any other answer. */
  private async applyLater<T>({ site, about, apply }: Call<T>): Promise<void> {
    const { clock, dice, trace, applied } = this.parts;
    await sleep(clock, lateMs(dice));
    trace.note(`late ${site} ${about}`);
    await apply().catch(() => undefined);
    applied(site, about, true);
  }
}
