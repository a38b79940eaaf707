/**
 * Owns a simulated world for tests: the real SDK's client and serve handler, the embedded engine, a virtual clock and
 * a seed, without a socket. It must never mock the SDK. Each test makes its own.
 */

import { Inngest, type InngestFunction } from "inngest";
import { serve } from "inngest/edge";
import { afterEach } from "vitest";
import { SettlingClock } from "@/lib/local/inngest/settling-clock";
import { createInProcessInngest, IN_PROCESS_APP } from "@/lib/local/inngest/start-inngest";
import { inProcessTransport, type Transport } from "@/lib/local/inngest/transport";
import { silentLog } from "@/lib/log";
import { seededRandom } from "@/lib/random";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The first moment of a simulation: 1 January 2026, 00:00 UTC. */
export const START = Date.UTC(2026, 0, 1);

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

export interface SimulatedRequest {
  readonly stepId: string;
  readonly attempt: number;
  readonly at: number;
}

/** A world with the functions that `define` makes; `calls` lists the requests that the engine made to the app. */
export async function simulate(define: (client: Inngest) => readonly InngestFunction.Any[], seed = 1) {
  const clock = new SettlingClock(START);
  const { engine, fetch, url } = createInProcessInngest({
    clock,
    random: seededRandom(seed),
    log: silentLog,
  });
  clock.settleWith(engine.idle);
  stops.push(engine.stop);
  const client = new Inngest({ id: "app", isDev: true, baseUrl: url, fetch, logger: quiet });
  const handler = inProcessTransport(serve({ client, functions: define(client) }));
  const calls: SimulatedRequest[] = [];
  const transport: Transport = (request) => {
    if (request.method === "POST") calls.push(noted(request.url, request.body, clock.now()));
    return handler(request);
  };
  const outcome = await engine.connectApp({ url: IN_PROCESS_APP, transport, resyncEveryMs: null });
  if (outcome.kind !== "registered")
    throw new Error(`The app was not registered: ${JSON.stringify(outcome)}`);
  return {
    clock,
    engine,
    fetch,
    url,
    client,
    calls,
    outcome,
    /** Seconds since the start of the simulation. */
    elapsed: () => (clock.now() - START) / SECOND,
    runsOf: (functionId: string) =>
      engine.history().runs.filter((run) => run.functionId === `app-${functionId}`),
  };
}

function noted(url: string, body: string, at: number): SimulatedRequest {
  const parsed: { ctx: { attempt: number } } = JSON.parse(body);
  return { stepId: new URL(url).searchParams.get("stepId") ?? "", attempt: parsed.ctx.attempt, at };
}

const quiet = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  debug: () => undefined,
};
