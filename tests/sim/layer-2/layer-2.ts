/**
 * Owns the second layer: the whole through the embedded Inngest engine, with the real SDK on both sides and no socket. Debounce,
 * singleton, cancelOn, throttles, crons and retries are what Inngest gives, and half of the seeds report steps within one
 * request. It must never soften what the first layer has, nor touch what ships but at its ports.
 */
import { Inngest } from "inngest";
import { flow } from "@/inngest.config";
import { createApi } from "@/lib/local/inngest/api";
import { createEngine } from "@/lib/local/inngest/engine";
import { IN_PROCESS_APP } from "@/lib/local/inngest/start-inngest";
import { silentLog } from "@/lib/log";
import { seededRandom } from "@/lib/random";
import type { Dice } from "../kernel/dice";
import type { World } from "../world/world";
import { ENGINE, fetchOf } from "./calls-to-inngest";
import { createPastEvents, type PastEvent } from "./past-events";
import { requestsToApp } from "./requests-to-app";
import { virtualProcess } from "./virtual-process";
import { deliverWebhooks, isFromE2b } from "./webhooks";

/** Of runs that an operator may run again. */
const KEPT_RUNS = 100;

export interface Layer2 {
  readonly bus: { readonly past: readonly PastEvent[]; replayOne(): void };
  /** Gives the machine's own time back. */
  end(): void;
}

export async function putLayer2(world: World): Promise<Layer2> {
  const { clock, dice, trace } = world;
  const end = virtualProcess(clock, seededRandom(world.seed + 1_000_000));
  const past = createPastEvents(world);
  const checkpointing = checkpointingOf(dice);
  trace.note(`checkpointing ${JSON.stringify(checkpointing)}`);
  const engine = createEngine({
    clock,
    random: seededRandom(world.seed + 4_000_000),
    log: silentLog,
    historySize: KEPT_RUNS,
    checkpointing: checkpointing !== false,
    hear: past.heard,
  });
  const api = createApi(engine, silentLog);
  const parts = { world, api, past };
  const hasWebhook = dice.happens(0.7);
  world.put(
    (worker) =>
      new Inngest({
        id: "rekindle",
        isDev: true,
        baseUrl: ENGINE,
        checkpointing,
        logger: quiet,
        fetch: fetchOf(parts, worker),
      }),
    {
      flow: { ...flow, auditCron: cronOf(world.profile.auditEveryMs) },
      ...(hasWebhook ? { isFromE2b } : {}),
    },
  );
  if (hasWebhook) deliverWebhooks(world);
  const sync = await engine.connectApp({
    url: IN_PROCESS_APP,
    transport: requestsToApp(world, past),
    resyncEveryMs: null,
  });
  if (sync.kind !== "registered") throw new Error(`not registered: ${JSON.stringify(sync)}`);

  const replayEvent = () => {
    if (past.taken.length === 0) return;
    const event = dice.pick(past.taken);
    trace.note(`replayed ${event.name} ${event.id}`);
    const { id = "" } = event;
    const again = dice.happens(0.5) ? event : { ...event, id: `${id}-again-${past.newId()}` };
    engine.receive([again], null);
  };
  const rerun = () => {
    const runs = past.runIds().slice(-KEPT_RUNS);
    if (runs.length === 0) return;
    const runId = dice.pick(runs);
    trace.note(`rerun of ${past.runName(runId)}: ${engine.rerun(runId).kind}`);
  };
  return {
    bus: { past: past.taken, replayOne: () => (dice.happens(0.3) ? rerun() : replayEvent()) },
    end,
  };
}

/** The shipped client has it off; a product's own need not, and each of its settings moves where a request ends. */
function checkpointingOf(dice: Dice) {
  if (dice.happens(0.5)) return false;
  return dice.pick([
    true,
    { bufferedSteps: 3 },
    { bufferedSteps: 5, maxInterval: 10_000 },
    { maxRuntime: 20_000 },
  ]);
}

const cronOf = (everyMs: number): string => {
  const minutes = Math.round(everyMs / 60_000);
  return minutes >= 60 ? flow.auditCron : `*/${minutes} * * * *`;
};

const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
