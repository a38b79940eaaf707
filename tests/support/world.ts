/**
 * Owns a whole Rekindle in virtual time: the shipping store, scripts, operations, functions and entrance, over the
 * in-process Redis, the embedded Inngest engine and E2B's semantics, without a socket. Months pass in seconds and every
 * fault is planned. It must never replace what ships but at its ports. Each test makes its own
 * world.
 */
import { Sandbox } from "e2b";
import type { InngestFunction } from "inngest";
import { serve } from "inngest/edge";
import { onTestFinished } from "vitest";
import { createInngestClient } from "@/inngest/client";
import { appId, flow, policy as shippedPolicy } from "@/inngest.config";
import { type Rekindle, rekindleOver } from "@/lib";
import type { ProbeResult } from "@/lib/boot/probe";
import { parseScope, type Scope } from "@/lib/ids";
import { E2bCloud } from "@/lib/local/e2b/cloud";
import { HOBBY_PLAN } from "@/lib/local/e2b/semantics/plan";
import { SettlingClock } from "@/lib/local/inngest/settling-clock";
import { createInProcessInngest, IN_PROCESS_APP } from "@/lib/local/inngest/start-inngest";
import { inProcessTransport } from "@/lib/local/inngest/transport";
import { createMemoryEngine } from "@/lib/local/upstash/memory/memory-engine";
import { silentLog } from "@/lib/log";
import { type PolicyOverrides, withOverrides } from "@/lib/preview/policy";
import type { PreviewView } from "@/lib/preview/view";
import { previewAddress } from "@/lib/preview-address";
import { seededRandom } from "@/lib/random";
import type { Runtime } from "@/lib/runtime";
import { redisAudit } from "@/lib/store/redis-audit";
import { redisDirectory } from "@/lib/store/redis-directory";
import { redisFleet } from "@/lib/store/redis-fleet";
import { redisStore } from "@/lib/store/redis-store";
import type { ProjectFiles } from "@/lib/workspace/files";
import { Faults } from "./faults";
import { recordReader } from "./record-reader";
import { type ProjectScript, VirtualMachines } from "./virtual-machines";
import { virtualRedis } from "./virtual-redis";
import { virtualSandboxes } from "./virtual-sandboxes";
import { virtualWebhook } from "./virtual-webhook";
import { workUnderWay } from "./work-under-way";

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

export const scope: Scope = parseScope("p1", "u1");

/** Turns of the event loop; the world itself says when it is quiet, so this only ends a deadlock. */
const PATIENCE_TURNS = 20_000;

export interface WorldOptions {
  readonly policy?: PolicyOverrides;
  readonly project?: Partial<ProjectScript>;
  readonly seed?: number;
  readonly maxConcurrent?: number;
  /** The provider's longest run, where it is not the policy's. */
  readonly maxRunMs?: number;
  /** A product's own functions, served beside Rekindle's. */
  readonly functions?: (rekindle: Rekindle) => InngestFunction.Any[];
  readonly files?: ProjectFiles;
  /** The provider tells of what happens to sandboxes, over no socket: the shipping handler is called with the request. */
  readonly hasWebhook?: boolean;
}

export type World = Awaited<ReturnType<typeof createWorld>>;

export async function createWorld(options: WorldOptions = {}) {
  const clock = new SettlingClock(Date.UTC(2026, 0, 1), PATIENCE_TURNS);
  const work = workUnderWay(clock);
  clock.settleWith(work.quiet);
  const random = seededRandom(options.seed ?? 1);
  const policy = withOverrides(shippedPolicy, options.policy ?? {});
  const faults = new Faults(work.clock);

  const machines = new VirtualMachines(clock, {
    installMs: 12 * SECOND,
    installExitCode: 0,
    answersAfterMs: 2 * SECOND,
    exitsAfterMs: undefined,
    ...options.project,
  });
  const { maxConcurrent = HOBBY_PLAN.maxConcurrent, maxRunMs = HOBBY_PLAN.maxRunMs } = options;
  const plan = { ...HOBBY_PLAN, maxConcurrent, maxRunMs };
  const webhook = virtualWebhook({ clock, seed: options.seed ?? 1 });
  const cloud = new E2bCloud({
    clock,
    random,
    log: silentLog,
    plan,
    machines,
    trafficTokenOf: (sandboxId) => sandboxId,
    ...(options.hasWebhook ? { onEvent: webhook.tell } : {}),
  });
  const redisEngine = await createMemoryEngine({ clock });
  const redis = virtualRedis(redisEngine);
  const store = redisStore(redis, "test", policy);
  const inngest = createInProcessInngest({ clock, random, log: silentLog });
  const client = createInngestClient({
    id: appId,
    log: silentLog,
    devUrl: inngest.url,
    fetch: inngest.fetch,
  });
  for (const [call, ms] of latencies) faults.slow(call, ms);

  const probes: { answer: (sandboxId: string) => Promise<ProbeResult> } = {
    async answer(sandboxId) {
      if (!cloud.isRunning(sandboxId)) return { kind: "not-running" };
      return machines.serverAnswers(sandboxId) ? { kind: "answers", status: 200 } : { kind: "port-closed" };
    },
  };
  const address = previewAddress("https://{port}-{sandboxId}.preview.test");
  const runtime: Runtime = {
    environment: "test",
    appId,
    inngest: client,
    flow,
    store: faults.around("store", store, ["previewIdOf"]),
    fleet: faults.around("fleet", redisFleet(redis, "test", policy)),
    directory: redisDirectory(redis, "test", policy),
    audits: faults.around("audits", redisAudit(redis, "test", policy)),
    sandboxes: faults.around("sandboxes", virtualSandboxes(cloud, machines)),
    // The SDK's own object, unconnected: what an agent does inside is not modelled, only that it holds.
    lend: async (sandboxId) => new Sandbox({ sandboxId, envdVersion: "0.5.0" }),
    files: options.files ?? oneProject,
    ...(options.hasWebhook ? { isFromE2b: webhook.isFromE2b } : {}),
    policy,
    clock: work.clock,
    random,
    log: silentLog,
    previewUrl: address.of,
    previewAddress: address,
    probe: (sandboxId) => probes.answer(sandboxId),
  };
  const rekindle: Rekindle = rekindleOver(runtime);
  webhook.deliverTo((request) =>
    work.track(() => faults.asWorker(() => rekindle.handlers(async () => undefined).sandboxEvents(request))),
  );

  const functions = [...rekindle.functions, ...(options.functions?.(rekindle) ?? [])];
  const served = inProcessTransport(serve({ client, functions }));
  const sync = await inngest.engine.connectApp({
    url: IN_PROCESS_APP,
    transport: (request) => work.track(() => faults.asWorker(() => served(request))),
    resyncEveryMs: null,
  });
  if (sync.kind !== "registered") throw new Error(`not registered: ${JSON.stringify(sync)}`);
  onTestFinished(() => inngest.engine.stop());

  /** Work of a worker of its own, such as a route's; time moves on until it is done. */
  async function finish<T>(act: () => Promise<T>): Promise<T> {
    let isOver = false;
    const done = work
      .track(() => faults.asWorker(act))
      .finally(() => {
        isOver = true;
      });
    done.catch(() => undefined);
    while (!isOver) await clock.advance(100);
    return done;
  }

  const record = recordReader(redis, store, "test", scope);

  return {
    clock,
    runtime,
    rekindle,
    store,
    redis,
    redisEngine,
    cloud,
    machines,
    faults,
    webhook,
    /** What a look at the preview's address finds; by itself, what the machine's server does. */
    probes,
    engine: inngest.engine,
    policy,
    sync,
    finish,
    record,

    /** Starts work without waiting for it. */
    begin: <T>(act: () => Promise<T>): Promise<T> => work.track(() => faults.asWorker(act)),
    advance: (ms: number) => clock.advance(ms),

    /** Moves time in short steps until it holds. @throws when it does not within the limit. */
    async until(holds: () => Promise<boolean> | boolean, withinMs = 10 * MINUTE): Promise<void> {
      const latest = clock.now() + withinMs;
      while (!(await holds())) {
        if (clock.now() >= latest) throw new Error(`did not hold within ${withinMs} ms`);
        await clock.advance(250);
      }
    },

    open: (viewerId = "v1", of: Scope = scope): Promise<PreviewView> =>
      finish(() => rekindle.open({ ...of, viewerId })),
    beat: (viewerId = "v1", of: Scope = scope): Promise<PreviewView> =>
      finish(() => rekindle.beat({ ...of, viewerId })),
    leave: (viewerId = "v1", of: Scope = scope): Promise<PreviewView> =>
      finish(() => rekindle.leave({ ...of, viewerId })),
    status: (of: Scope = scope): Promise<PreviewView> => finish(() => rekindle.status(of)),
    emit: (name: string, event: { id?: string; ts?: number; data?: Record<string, unknown> } = {}): string =>
      inngest.engine.sendEvent({ name, ...event, data: { ...scope, ...event.data } }),

    /** Open, and wait until it answers. */
    async ready(viewerId = "v1", of: Scope = scope): Promise<PreviewView> {
      await finish(() => rekindle.open({ ...of, viewerId }));
      await this.until(async () => (await record(of)).state === "running");
      // What follows from it (events, the first extension) happens in the next moments.
      await clock.advance(8 * SECOND);
      return this.status(of);
    },

    /** Beats as a pane does, for so long. */
    async beatFor(durationMs: number, viewerId = "v1", of: Scope = scope): Promise<void> {
      const until = clock.now() + durationMs;
      while (clock.now() + policy.beatEveryMs <= until) {
        await finish(() => rekindle.beat({ ...of, viewerId }));
        await clock.advance(policy.beatEveryMs);
      }
      await clock.advance(until - clock.now());
    },

    sandboxes: () => cloud.views(),
    running: () => cloud.views().filter(({ state }) => state === "running"),
    runsOf: (functionId: string) =>
      inngest.engine.history().runs.filter((run) => run.functionId === `${appId}-${functionId}`),
    eventsNamed: (name: string) => inngest.engine.history().events.filter((event) => event.name === name),
  };
}

/** About what E2B takes (its docs and observations of 2026); a call that takes no time hides every race. */
const latencies: readonly (readonly [string, number])[] = [
  ["sandboxes.create", 600],
  ["sandboxes.connect", 1_000],
  ["sandboxes.pause", 2_000],
  ["sandboxes.extend", 150],
  ["sandboxes.observe", 100],
  ["sandboxes.find", 150],
  ["sandboxes.writeFiles", 300],
  ["sandboxes.readFiles", 200],
  ["sandboxes.reboot", 6_000],
];

const oneProject: ProjectFiles = {
  revision: async () => "r1",
  load: async () => ({
    revision: "r1",
    files: [
      {
        path: "package.json",
        content: JSON.stringify({ scripts: { dev: "node server.js" }, dependencies: { pad: "1.0.0" } }),
      },
    ],
  }),
};
