/**
 * Owns the first layer: the shipping functions on the shipping store and scripts, triggered by a bus that keeps no promise
 * of Inngest's but "at least once". It must never soften what a function meets.
 */
import { Inngest } from "inngest";
import { createFunctions } from "@/functions";
import { sleep } from "@/lib/clock";
import type { Worker } from "../kernel/worker";
import type { World } from "../world/world";
import { createEventBus, type EventBus, type SentEvent } from "./event-bus";
import { createRuns, type Runs } from "./runs";
import { shippedFunction } from "./shipped-functions";

/** A client whose events reach the bus as any other call leaves the process. */
class BusClient extends Inngest {
  constructor(
    private readonly world: World,
    private readonly worker: Worker,
    private readonly receive: (events: readonly SentEvent[], sentAt: number) => void,
  ) {
    super({ id: "rekindle", isDev: true, checkpointing: false });
  }

  override async send(payload: Parameters<Inngest["send"]>[0]): Promise<{ ids: string[] }> {
    const events: SentEvent[] = [payload].flat();
    const { worker } = this;
    await this.world.calls.make(worker, {
      service: "events",
      site: "events.send",
      about: events.map(({ name }) => name).join(" "),
      latencyMs: this.world.dice.between(5, 60),
      apply: async () => this.receive(events, worker.clock.now()),
      unanswered: () => Promise.reject(new TypeError("fetch failed")),
      malformed: () => Promise.reject(new SyntaxError("the answer was not JSON")),
    });
    return { ids: [] };
  }
}

export interface Layer {
  readonly bus: EventBus;
  readonly runs: Runs;
}

export function putLayer1(world: World): Layer {
  let bus: EventBus | undefined;
  const receive = (events: readonly SentEvent[], sentAt: number) => bus?.receive(events, sentAt);
  world.put((worker) => new BusClient(world, worker, receive));
  const runs = createRuns({
    world,
    told: (name, data) => receive([{ name, data }], world.clock.now()),
  });
  const first = world.anyRuntime();
  bus = createEventBus(world, createFunctions(first).map(shippedFunction), runs);
  keepTicking(world, receive);
  return { bus, runs };
}

/** Crons come by Inngest's own clock. */
function keepTicking(world: World, receive: (events: readonly SentEvent[], sentAt: number) => void): void {
  const every = async (ms: number, name: string) => {
    for (;;) {
      await sleep(world.clock, ms);
      receive([{ name, data: {} }], world.clock.now());
    }
  };
  void every(world.sweepEveryMs, "preview/sweep.requested");
  void every(world.profile.auditEveryMs, "preview/audit.requested");
}
