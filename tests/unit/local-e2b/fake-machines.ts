/** Owns a `Machines` port without machines: it writes down what was asked, and can be told to wait or to refuse. */
import { E2bCloud } from "@/lib/local/e2b/cloud";
import { HOBBY_PLAN, type Plan } from "@/lib/local/e2b/plan";
import type { Machines } from "@/lib/local/e2b/sandbox-life";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { silentLog } from "@/lib/log";
import { seededRandom } from "@/lib/random";

type Effect = "start" | "stop" | "continue" | "destroy";

export class FakeMachines implements Machines {
  readonly asked: Effect[] = [];
  private readonly gates = new Map<Effect, Promise<void>>();
  private readonly refusals = new Set<Effect>();

  start = () => this.effect("start");
  stop = () => this.effect("stop");
  continue = () => this.effect("continue");
  destroy = () => this.effect("destroy");

  /** The effect happens only once the returned function is called. */
  hold(effect: Effect): () => void {
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.gates.set(effect, gate);
    return open;
  }

  /** Until told otherwise. */
  refuse(effect: Effect, isRefused = true): void {
    if (isRefused) this.refusals.add(effect);
    else this.refusals.delete(effect);
  }

  private async effect(kind: Effect): Promise<void> {
    this.asked.push(kind);
    await this.gates.get(kind);
    if (this.refusals.has(kind)) throw new Error(`${kind} refused`);
  }
}

export function fakeCloud(plan: Partial<Plan> = {}) {
  const clock = new VirtualClock();
  const machines = new FakeMachines();
  const options = { clock, machines, random: seededRandom(7), log: silentLog };
  const cloud = new E2bCloud({ ...options, plan: { ...HOBBY_PLAN, ...plan } });
  return { clock, machines, cloud };
}
