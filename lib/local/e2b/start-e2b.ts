/**
 * Owns the entrance of the E2B stand-in: puts the semantics, the real processes, the wire and the preview proxy
 * together and gives the addresses that the real SDK needs. It must never listen beyond loopback and never leave a
 * process behind. Fails closed: a folder in use by a living stand-in or a port that is taken refuses the start.
 */
import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Server } from "node:http";
import type { Clock } from "@/lib/clock";
import { E2bCloud } from "@/lib/local/e2b/cloud";
import { chooseContainers, type Isolation } from "@/lib/local/e2b/containers/choose-containers";
import type { Containers } from "@/lib/local/e2b/containers/container";
import { takeFolder } from "@/lib/local/e2b/containers/leftovers";
import type { Outlet } from "@/lib/local/e2b/containers/outlet";
import { freezeAndKillAll, killAllAtOnce } from "@/lib/local/e2b/containers/process-signals";
import { markedProcesses } from "@/lib/local/e2b/containers/process-table";
import { LifecycleEvents } from "@/lib/local/e2b/events/lifecycle-events";
import { postWebhook } from "@/lib/local/e2b/events/post-webhook";
import type { CallFault, DeliveryFault } from "@/lib/local/e2b/faults/fault-kinds";
import type { WorldFaults } from "@/lib/local/e2b/faults/world-faults";
import { INSTANCE_NAME } from "@/lib/local/e2b/machine/sandbox-environment";
import { createPreviewProxy, type PreviewProxy } from "@/lib/local/e2b/previews/preview-proxy";
import { ProcessMachines } from "@/lib/local/e2b/processes";
import type { Machines } from "@/lib/local/e2b/semantics/machines";
import { HOBBY_PLAN, type Plan } from "@/lib/local/e2b/semantics/plan";
import { createE2bServer } from "@/lib/local/e2b/server";
import { FaultPlan } from "@/lib/local/faults/fault-plan";
import { JumpingClock } from "@/lib/local/jumping-clock";
import type { Log } from "@/lib/log";
import { derivedRandom, type Random } from "@/lib/random";

export interface StartE2bOptions {
  /** A `JumpingClock` is used as it is, so that a jump can reach other stand-ins too. */
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Absolute; sandboxes live below it. One living stand-in a folder. */
  readonly rootFolder: string;
  /** What E2B's plan allows; defaults to Hobby: runs of one hour, 20 at once. Creates are not slowed down unless asked. */
  readonly plan?: Partial<Plan>;
  /** The template names that create accepts; default: every name, as there are no images. */
  readonly templates?: ReadonlySet<string>;
  /** Default: any free port. */
  readonly previewPort?: number;
  /** Default: any free port. */
  readonly controlPort?: number;
  /** Shared by all sandboxes; default: the developer's own `~/.npm`. */
  readonly npmCacheFolder?: string;
  /** How sandboxes are kept apart; default: namespaces where Linux allows them, else mapped ports. */
  readonly isolation?: Isolation;
  /** Where sandboxes in namespaces reach the world; default: through this process. */
  readonly outlet?: Outlet;
}

export interface LocalE2b {
  /** For the SDK's `apiUrl` / `E2B_API_URL`. */
  readonly apiUrl: string;
  /** For the SDK's `sandboxUrl` / `E2B_SANDBOX_URL`. */
  readonly sandboxUrl: string;
  /** Random at each start. */
  readonly apiKey: string;
  /** `e2b.localhost:<previewPort>`; a preview's host is `<port>-<sandboxId>.` before it. */
  readonly domain: string;
  readonly previewPort: number;
  /** How its sandboxes are kept apart. */
  readonly isolation: Containers["kind"];
  /** Authenticated control calls since the start by kind (create, connect, pause, timeout, kill, get, list, …). */
  calls(): Record<string, number>;
  /** Acts on sandboxes without a client's call; not counted. */
  readonly cloud: WorldFaults & { list(): readonly LocalSandbox[] };
  /** What goes wrong with calls: sites are the kinds of `calls()`, `health`, `files`, `Process.Start`, `preview`, … */
  readonly faults: FaultPlan<CallFault>;
  /** What goes wrong with webhooks: sites are the events' types. */
  readonly deliveryFaults: FaultPlan<DeliveryFault>;
  /** Moves the stand-in's time forward; resolves when what fell due on the way has been called. */
  jump(durationMs: number): Promise<void>;
  /** Processes of any of its sandboxes that are alive now, counted afresh; also after the stop. */
  countProcesses(): number;
  /** Kills every sandbox's processes, removes their folders, closes the ports. Harmless when repeated. */
  stop(): Promise<void>;
}

export interface LocalSandbox {
  readonly sandboxId: string;
  readonly state: "running" | "paused";
  readonly metadata: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Milliseconds since the epoch; of a paused one the time of its pause. */
  readonly endAt: number;
}

/** Resolves when both ports listen. Leftovers of a crashed stand-in in the same folder are killed first. */
export async function startE2b(options: StartE2bOptions): Promise<LocalE2b> {
  const { log, random } = options;
  const clock = options.clock instanceof JumpingClock ? options.clock : new JumpingClock(options.clock);
  // Keys come from the system, not from the injected source, which a test may have seeded.
  const apiKey = `e2b_${randomBytes(20).toString("hex")}`;
  const tokenFor = (purpose: string) => (sandboxId: string) =>
    createHmac("sha256", apiKey).update(`${purpose} ${sandboxId}`).digest("hex");
  const trafficTokenOf = tokenFor("traffic");
  const instanceId = randomBytes(12).toString("hex");
  const { sandboxesFolder, release } = await takeFolder(options.rootFolder, instanceId, log);
  const { npmCacheFolder, outlet } = options;
  const settings = { log, instanceId, npmCacheFolder, outlet };
  const releaseAfter = async (error: unknown): Promise<never> => {
    await release();
    throw error;
  };
  const isolation = options.isolation ?? "auto";
  const containers = await chooseContainers(isolation, settings, sandboxesFolder).catch(releaseAfter);
  const machines = new ProcessMachines({ clock, sandboxesFolder, containers });
  // Each its own source: the ids of sandboxes must not depend on when a webhook is answered or a fault is asked for.
  const faults = new FaultPlan<CallFault>(derivedRandom(random));
  const deliveryFaults = new FaultPlan<DeliveryFault>(derivedRandom(random));
  const events = new LifecycleEvents({
    clock,
    random: derivedRandom(random),
    log,
    faults: deliveryFaults,
    post: postWebhook,
  });
  const proxy: PreviewProxy = createPreviewProxy(
    {
      admit: (sandboxId, traffic) => cloud.admit(sandboxId, traffic),
      connect: async (sandboxId, port) => machines.find(sandboxId)?.container.connect(port),
    },
    { clock, log, faults },
  );
  const cloud = new E2bCloud({
    clock,
    random,
    log,
    plan: { ...HOBBY_PLAN, ...options.plan },
    machines: cuttingPreviews(machines, proxy),
    templates: options.templates,
    trafficTokenOf,
    onEvent: (event) => events.tell(event),
  });
  const world: WorldFaults = cloud;
  const counts: Record<string, number> = {};
  const giveUp = async (error: unknown): Promise<never> => {
    proxy.server.close();
    return releaseAfter(error);
  };
  const previewPort = await listen(proxy.server, options.previewPort ?? 0).catch(giveUp);
  const domain = `e2b.localhost:${previewPort}`;
  const control = createE2bServer({
    cloud,
    machines,
    clock,
    log,
    apiKey,
    domain,
    events,
    faults,
    deliveryFaults,
    world,
    envdTokenOf: tokenFor("envd"),
    trafficTokenOf,
    count: (kind) => {
      counts[kind] = (counts[kind] ?? 0) + 1;
    },
  });
  const controlPort = await listen(control, options.controlPort ?? 0).catch(giveUp);
  const instanceMark = `${INSTANCE_NAME}=${instanceId}`;
  const killWhenExiting = () => {
    machines.killAllAtOnce();
    killAllAtOnce(() => markedProcesses(instanceMark));
  };
  process.once("exit", killWhenExiting);
  log.warn(
    { domain, isolation: containers.kind },
    "The local E2B stand-in runs commands as you, on this machine: it isolates nothing from code that means harm",
  );

  const stopOnce = async () => {
    try {
      events.close();
      const closing = Promise.all([close(control), close(proxy.server)]);
      proxy.cutUpgraded();
      await closing;
      await cloud.close();
      // Also what a create that was still under way has started.
      await freezeAndKillAll(() => markedProcesses(instanceMark));
      process.removeListener("exit", killWhenExiting);
      await machines.tidied();
    } finally {
      await release();
    }
  };
  let stopping: Promise<void> | undefined;
  return {
    apiUrl: `http://127.0.0.1:${controlPort}`,
    sandboxUrl: `http://127.0.0.1:${controlPort}`,
    apiKey,
    countProcesses: () => markedProcesses(instanceMark).length,
    domain,
    previewPort,
    isolation: containers.kind,
    calls: () => ({ ...counts }),
    cloud: {
      killBehindTheBack: (sandboxId) => cloud.killBehindTheBack(sandboxId),
      loseMemory: (sandboxId) => cloud.loseMemory(sandboxId),
      loseFiles: (sandboxId, paths) => cloud.loseFiles(sandboxId, paths),
      answerNextConnectWithAnotherId: (sandboxId) => cloud.answerNextConnectWithAnotherId(sandboxId),
      ageRun: (sandboxId, byMs) => cloud.ageRun(sandboxId, byMs),
      list: () => cloud.views(),
    },
    faults,
    deliveryFaults,
    jump: (durationMs) => clock.jump(durationMs),
    stop: () => {
      stopping ??= stopOnce();
      return stopping;
    },
  };
}

/** A pause and a kill drop connections: a browser's socket to processes that stand still would hang. */
function cuttingPreviews(machines: Machines, proxy: PreviewProxy): Machines {
  const cutting =
    (effect: (sandboxId: string) => Promise<void>) =>
    async (sandboxId: string): Promise<void> => {
      await effect(sandboxId);
      proxy.cut(sandboxId);
    };
  return {
    start: (sandboxId, boot) => machines.start(sandboxId, boot),
    continue: (sandboxId) => machines.continue(sandboxId),
    powerOn: (sandboxId) => machines.powerOn(sandboxId),
    stop: cutting((sandboxId) => machines.stop(sandboxId)),
    powerOff: cutting((sandboxId) => machines.powerOff(sandboxId)),
    destroy: cutting((sandboxId) => machines.destroy(sandboxId)),
    saveSnapshot: (sandboxId, snapshotId) => machines.saveSnapshot(sandboxId, snapshotId),
    removeSnapshot: (snapshotId) => machines.removeSnapshot(snapshotId),
    usage: (sandboxId) => machines.usage(sandboxId),
    loseFiles: (sandboxId, paths) => machines.loseFiles(sandboxId, paths),
  };
}

/** The port that was given. Loopback only, by address: a name could resolve to more. */
async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  return address.port;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
