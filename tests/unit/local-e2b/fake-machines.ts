/** Owns a `Machines` port without machines: it writes down what was asked, and can be told to wait or to refuse. */
import { type CloudOptions, E2bCloud } from "@/lib/local/e2b/cloud";
import type { LifecycleEvent } from "@/lib/local/e2b/semantics/lifecycle-event";
import type { MachineBoot, Machines } from "@/lib/local/e2b/semantics/machines";
import { HOBBY_PLAN, type Plan } from "@/lib/local/e2b/semantics/plan";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { silentLog } from "@/lib/log";
import { seededRandom } from "@/lib/random";

type Effect = Exclude<keyof Machines, "usage">;

export class FakeMachines implements Machines {
  readonly asked: Effect[] = [];
  /** What each start was given. */
  readonly boots: MachineBoot[] = [];
  private readonly gates = new Map<Effect, Promise<void>>();
  private readonly refusals = new Set<Effect>();

  start = (_sandboxId: string, boot: MachineBoot) => {
    this.boots.push(boot);
    return this.effect("start");
  };
  stop = () => this.effect("stop");
  continue = () => this.effect("continue");
  powerOff = () => this.effect("powerOff");
  powerOn = () => this.effect("powerOn");
  destroy = () => this.effect("destroy");
  saveSnapshot = () => this.effect("saveSnapshot");
  removeSnapshot = () => this.effect("removeSnapshot");
  loseFiles = () => this.effect("loseFiles");
  usage = async () => ({ cpuUsedPct: 12.5, memUsedBytes: 64 * 1024 ** 2, diskUsedBytes: 1024 ** 2 });

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

/** `events` is what it has told, oldest first. */
export function fakeCloud(plan: Partial<Plan> = {}, others: Partial<CloudOptions> = {}) {
  const clock = new VirtualClock();
  const machines = new FakeMachines();
  const events: LifecycleEvent[] = [];
  const cloud = new E2bCloud({
    clock,
    machines,
    random: seededRandom(7),
    log: silentLog,
    plan: { ...HOBBY_PLAN, ...plan },
    trafficTokenOf: (sandboxId) => `token of ${sandboxId}`,
    onEvent: (event) => events.push(event),
    ...others,
  });
  return { clock, machines, cloud, events };
}
