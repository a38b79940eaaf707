/**
 * Owns one simulated world: the shipping store, scripts, operations and functions on several workers, over the in-process
 * Redis and E2B's semantics, under one virtual clock and one seeded source of chance, without a socket. It must never
 * replace what ships but at its ports, nor know what is right: that is the rules'.
 */
import type { ProbeResult } from "@/lib/boot/probe";
import { RekindleError } from "@/lib/errors";
import type { SandboxId, Scope } from "@/lib/ids";
import { E2bCloud } from "@/lib/local/e2b/cloud";
import type { LifecycleEvent } from "@/lib/local/e2b/semantics/lifecycle-event";
import { HOBBY_PLAN } from "@/lib/local/e2b/semantics/plan";
import { createMemoryEngine } from "@/lib/local/upstash/memory/memory-engine";
import { silentLog } from "@/lib/log";
import { seededRandom } from "@/lib/random";
import type { Runtime } from "@/lib/runtime";
import { virtualSandboxes } from "@/tests/support/virtual-sandboxes";
import { Calls } from "../kernel/calls";
import { type Dice, diceOf } from "../kernel/dice";
import { drawFaultPlan, type FaultPlan, noFaults } from "../kernel/faults";
import { SimClock } from "../kernel/sim-clock";
import { sites } from "../kernel/sites";
import { traceOf } from "../kernel/trace";
import type { Ended } from "../kernel/worker";
import type { SignsOfLife } from "../rules/resting";
import type { SignsTold } from "../rules/told";
import { forgetfulRedis } from "./forgetful-redis";
import type { Outside } from "./ports";
import { type ClientOf, type OfLayer, type Process, Processes } from "./processes";
import { createProducts } from "./products";
import { type Profile, SHIPPED_SWEEP_EVERY_MS } from "./profiles";
import { SlowMachines } from "./slow-machines";
import { staleness } from "./stale-lists";
import { createWork } from "./work";

export { environment, type Process } from "./processes";
export const startAt = Date.UTC(2026, 0, 31, 23, 50);

export interface Asked {
  readonly name: string;
  readonly scope: Scope;
  readonly at: number;
}

/** The shipping code threw what it does not list. */
export class UnknownError extends Error {
  constructor(what: string, cause: unknown) {
    super(
      `${what} threw what is not in the catalogue: ${cause instanceof Error ? cause.stack : String(cause)}`,
      {
        cause,
      },
    );
  }
}

export interface WorldOptions {
  readonly seed: number;
  readonly profile: Profile;
  readonly settle: () => Promise<void>;
  /** Calls that only this layer has, for faults to favour. */
  readonly ownSites?: number;
  /** Of the trace, for whoever wants to read it. */
  readonly keptLines?: number;
  readonly hasFaults?: boolean;
  /** The functions' crons come by Inngest's clock, and not as often as the profile has them. */
  readonly hasOwnCrons?: boolean;
}

export type World = Awaited<ReturnType<typeof createWorld>>;

/** Agents of a simulation ask for no more, or every healing would take hours. */
export const longestHoldMs = 3 * 60_000;

export async function createWorld({
  seed,
  profile,
  settle,
  ownSites = 0,
  keptLines = 0,
  hasFaults = true,
  hasOwnCrons = false,
}: WorldOptions) {
  const random = seededRandom(seed);
  const dice: Dice = diceOf(random);
  const clock = new SimClock(startAt, settle);
  const trace = traceOf(clock, startAt, keptLines);
  const drawn = drawFaultPlan(dice, sites.length + ownSites);
  let plan: FaultPlan = hasFaults ? drawn : noFaults;
  const { policy } = profile;
  const sweepEveryMs = hasOwnCrons ? SHIPPED_SWEEP_EVERY_MS : profile.sweepEveryMs;

  const changed: ((event: LifecycleEvent) => void)[] = [];
  const changing: ((keys: readonly string[]) => void)[] = [];
  const applied: ((site: string, about: string, isLate: boolean) => void)[] = [];
  const machines = new SlowMachines(clock, dice, {
    installMs: dice.mostlyShort(25_000),
    installExitCode: dice.happens(0.05) ? 1 : 0,
    answersAfterMs: dice.happens(0.03) ? undefined : dice.between(500, 6_000),
    exitsAfterMs: dice.happens(0.03) ? dice.between(1_000, 200_000) : undefined,
  });
  const cloud = new E2bCloud({
    clock,
    random,
    log: silentLog,
    plan: { ...HOBBY_PLAN, maxConcurrent: profile.planConcurrent, maxRunMs: profile.planMaxRunMs },
    machines,
    trafficTokenOf: (sandboxId) => sandboxId,
    onEvent: (event) => {
      trace.note(`cloud ${event.sandbox.sandboxId} ${event.change.kind}`);
      for (const hear of changed) hear(event);
    },
  });
  const engine = await createMemoryEngine({
    clock,
    changing: (keys) => {
      for (const hear of changing) hear(keys);
    },
  });
  const { redis, forget } = forgetfulRedis(engine, hasFaults && dice.happens(0.15));
  /** How often acknowledged writes were lost; what was remembered by them is not asked for afterwards. */
  const losses = { count: 0 };
  const products = createProducts(dice, dice.happens(0.03));
  const calls = new Calls({
    clock,
    dice,
    trace,
    plan: () => plan,
    applied: (site, about, isLate) => {
      for (const hear of applied) hear(site, about, isLate);
    },
  });
  const stale = staleness(
    clock,
    dice,
    () => plan.staleLists,
    () => calls.count("sandboxes.list", "stale"),
  );
  changed.push(stale.hear);
  const outside: Outside = {
    calls,
    dice,
    redis,
    sandboxes: virtualSandboxes(cloud, machines),
    files: products.port,
    probe: async (sandboxId: SandboxId): Promise<ProbeResult> => {
      if (!cloud.isRunning(sandboxId)) return { kind: "not-running" };
      return machines.serverAnswers(sandboxId) ? { kind: "answers", status: 200 } : { kind: "port-closed" };
    },
    stale: stale.of,
  };

  const processes = new Processes({ outside, clock, random, policy, plan: () => plan });
  const work = createWork(cloud, machines, () => clock.now());
  /** What routes and the command line refused, by code. */
  const refusals = new Map<string, number>();
  /** What operators asked for, by name, and when last for each preview. */
  const asks: Asked[] = [];
  /** What nobody may throw. */
  const troubles: string[] = [];

  return {
    seed,
    profile,
    policy,
    clock,
    dice,
    trace,
    calls,
    cloud,
    machines,
    engine,
    redis,
    losses,
    /** F9; false where this seed's Redis keeps all. */
    async loseWrites(writes: number | "all"): Promise<boolean> {
      if (!forget) return false;
      losses.count += 1;
      await forget(writes);
      return true;
    },
    products,
    work,
    refusals,
    asks,
    troubles,
    /** Told of what people were answered; a rule's, once there is one. */
    signs: undefined as SignsOfLife | undefined,
    told: undefined as SignsTold | undefined,
    /** Until everything has come to rest that nobody uses: idleness or the longest hold, and two sweeps. */
    healingMs: Math.max(policy.idleAfterMs, longestHoldMs) + 2 * sweepEveryMs + 2 * policy.leaseMs,
    sweepEveryMs,

    /** Work of nobody's in particular, which goes on by itself. */
    begin(work: Promise<unknown>): void {
      work.catch((error: unknown) =>
        troubles.push(error instanceof Error ? String(error.stack) : String(error)),
      );
    },
    /** Every change of a sandbox's life, at once. */
    onChange: (hear: (event: LifecycleEvent) => void) => changed.push(hear),
    /** Of Redis, before each that may change. */
    onKeysChanging: (hear: (keys: readonly string[]) => void) => changing.push(hear),
    /** Somebody wrote to Redis by no call of the shipping code. */
    wrote: (what: string) => {
      for (const hear of applied) hear(`redis.${what}`, "", false);
    },
    /** After each call took effect; `isLate` where nobody waits for it any more. */
    onApplied: (hear: (site: string, about: string, isLate: boolean) => void) => applied.push(hear),
    get plan() {
      return plan;
    },
    plannedFaults: drawn,

    /** @throws what is no error of the catalogue: that is a fault of ours. */
    refused(what: string, error: unknown): void {
      if (!(error instanceof RekindleError)) throw new UnknownError(what, error);
      trace.note(`${what} refused: ${error.code}`);
      refusals.set(error.code, (refusals.get(error.code) ?? 0) + 1);
    },

    asked(name: string, scope: Scope): void {
      asks.push({ name, scope, at: clock.now() });
    },

    put: (layer: ClientOf, more: OfLayer = {}) => processes.put(layer, more),

    /** For what is the same in every process. */
    anyRuntime: (): Runtime => processes.start().runtime,

    run: <T>(work: (process: Process) => Promise<T>): Promise<Ended<T>> => processes.run(work),

    /** A deploy: what is under way is cut off, and other processes come. */
    restart: () => processes.restart(),

    /** Nothing goes wrong any more; clocks are right. */
    heal(): void {
      plan = noFaults;
      calls.outages.clear();
      processes.restart();
      trace.note("healed");
    },
  };
}
