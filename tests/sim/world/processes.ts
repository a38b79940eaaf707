/**
 * Owns the processes that serve a world's requests: the shipping store, operations and functions of each over the world's
 * ports, who is free, and what a deploy does to them. It must never replace what ships but at its ports. Fails closed: a
 * world on which no layer was put has no process.
 */
import { Sandbox } from "e2b";
import { flow } from "@/inngest.config";
import { type Rekindle, rekindleOver } from "@/lib";
import type { Clock } from "@/lib/clock";
import { silentLog } from "@/lib/log";
import type { Policy } from "@/lib/preview/policy";
import { previewAddress } from "@/lib/preview-address";
import type { Random } from "@/lib/random";
import type { Runtime } from "@/lib/runtime";
import { redisAudit } from "@/lib/store/redis-audit";
import { redisDirectory } from "@/lib/store/redis-directory";
import { redisFleet } from "@/lib/store/redis-fleet";
import { redisStore } from "@/lib/store/redis-store";
import type { FaultPlan } from "../kernel/faults";
import { type Ended, Worker } from "../kernel/worker";
import { filesOf, type Outside, probeOf, redisOf, sandboxesOf } from "./ports";

export const environment = "sim";

/** How a worker sends events and is asked to run functions; a layer's own. */
export type ClientOf = (worker: Worker) => Runtime["inngest"];

/** What else of a runtime a layer decides. */
export type OfLayer = Partial<Pick<Runtime, "flow" | "isFromE2b">>;

export interface Process {
  readonly worker: Worker;
  readonly runtime: Runtime;
  readonly rekindle: Rekindle;
}

export interface ProcessParts {
  readonly outside: Outside;
  readonly clock: Clock;
  readonly random: Random;
  readonly policy: Policy;
  readonly plan: () => FaultPlan;
}

/** As many as a small deployment has warm. */
const WARM_WORKERS = 4;

export class Processes {
  private readonly all: Process[] = [];
  private readonly address = previewAddress("https://{port}-{sandboxId}.preview.test");
  private readonly lent = new Sandbox({ sandboxId: "lent", envdVersion: "0.5.0" });
  private born = 0;
  private clientOf: ClientOf | undefined;
  private ofLayer: OfLayer = {};

  constructor(private readonly parts: ProcessParts) {}

  put(layer: ClientOf, more: OfLayer): void {
    this.clientOf = layer;
    this.ofLayer = more;
  }

  /** Work of a process that does nothing else meanwhile; one that died is replaced. */
  run<T>(work: (process: Process) => Promise<T>): Promise<Ended<T>> {
    const free = this.all.filter(isFree);
    const isNewDue = free.length === 0 || this.all.length < WARM_WORKERS;
    const process = isNewDue ? this.start() : this.parts.outside.dice.pick(free);
    return process.worker.do(() => work(process));
  }

  /** A deploy: what is under way is cut off, and other processes come. */
  restart(): void {
    for (const { worker } of this.all.splice(0)) void worker.die();
  }

  start(): Process {
    if (!this.clientOf) throw new Error("no layer was put on this world");
    const { outside, clock, random, policy, plan } = this.parts;
    this.born += 1;
    const skewMs = Math.round(outside.dice.between(...plan().skewMs));
    const worker = new Worker(`w${this.born}`, clock, skewMs);
    if (skewMs !== 0) outside.calls.count("world", "clock-skew");
    const redis = redisOf(outside, worker);
    const runtime: Runtime = {
      environment,
      appId: "rekindle",
      inngest: this.clientOf(worker),
      flow,
      store: redisStore(redis, environment, policy),
      fleet: redisFleet(redis, environment, policy),
      directory: redisDirectory(redis, environment, policy),
      audits: redisAudit(redis, environment, policy),
      sandboxes: sandboxesOf(outside, worker),
      lend: async () => this.lent,
      files: filesOf(outside, worker),
      policy,
      clock: worker.clock,
      random,
      log: silentLog,
      previewUrl: this.address.of,
      previewAddress: this.address,
      probe: probeOf(outside, worker),
      ...this.ofLayer,
    };
    const process = { worker, runtime, rekindle: rekindleOver(runtime) };
    this.all.push(process);
    return process;
  }
}

const isFree = ({ worker }: Process): boolean => !worker.isBusy && !worker.isDead;
