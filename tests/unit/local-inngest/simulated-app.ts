/**
 * Owns a simulated world for tests: the real SDK's client and serve handler, the embedded engine, a virtual clock and
 * a seed, without a socket. It must never mock the SDK. Each test makes its own.
 */

import { type ClientOptions, Inngest, type InngestFunction } from "inngest";
import { serve } from "inngest/edge";
import { afterEach } from "vitest";
import type { EngineParts } from "@/lib/local/inngest/engine";
import { SettlingClock } from "@/lib/local/inngest/settling-clock";
import { createInProcessInngest, IN_PROCESS_APP } from "@/lib/local/inngest/start-inngest";
import { inProcessTransport, type Transport, type TransportResponse } from "@/lib/local/inngest/transport";
import { takingTurns } from "@/lib/local/inngest/turn-taking";
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
  /** The engine asked only to plan, not to run (`disable_immediate_execution`). */
  readonly mustPlan: boolean;
  /** `steps`, as the engine sent them. */
  readonly memo: Readonly<Record<string, unknown>>;
  readonly stack: readonly string[];
  /** The status, and for a 206 its operations as "op name"; null while there is none. */
  answer: string | null;
}

export interface Logged {
  readonly level: "info" | "warn" | "error";
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface SimulateOptions extends Pick<EngineParts, "checkpointing" | "cloud"> {
  readonly seed?: number;
  /** One call to the app at a time, for a trace that has to be repeatable. */
  readonly takesTurns?: boolean;
  /** What the app's client is told beyond its id and where the engine is. */
  readonly client?: Partial<ClientOptions>;
}

/** A world with the functions that `define` makes; `calls` lists the requests that the engine made to the app. */
export async function simulate(
  define: (client: Inngest) => readonly InngestFunction.Any[],
  options: SimulateOptions = {},
) {
  const world = emptyWorld(define, options);
  const outcome = await world.connect();
  if (outcome.kind !== "registered")
    throw new Error(`The app was not registered: ${JSON.stringify(outcome)}`);
  return { ...world, outcome };
}

/** The same, before the app is connected; for what happens at the connection. */
export function emptyWorld(
  define: (client: Inngest) => readonly InngestFunction.Any[],
  { seed = 1, takesTurns = false, client: clientOptions = {}, ...parts }: SimulateOptions = {},
) {
  const clock = new SettlingClock(START);
  const logged: Logged[] = [];
  const { engine, fetch, url } = createInProcessInngest({
    ...parts,
    clock,
    random: seededRandom(seed),
    log: {
      info: (fields, message) => void logged.push({ level: "info", fields, message }),
      warn: (fields, message) => void logged.push({ level: "warn", fields, message }),
      error: (fields, message) => void logged.push({ level: "error", fields, message }),
    },
  });
  clock.settleWith(engine.idle);
  stops.push(engine.stop);
  const client = new Inngest({
    id: "app",
    isDev: true,
    baseUrl: url,
    fetch,
    logger: quiet,
    ...clientOptions,
  });
  const app = inProcessTransport(serve({ client, functions: define(client) }));
  const handler = takesTurns ? takingTurns(app) : app;
  const calls: SimulatedRequest[] = [];
  const transport: Transport = async (request) => {
    if (request.method !== "POST") return handler(request);
    const call = noted(request.url, request.body, clock.now());
    calls.push(call);
    const response = await handler(request);
    call.answer = summary(response);
    return response;
  };
  return {
    clock,
    engine,
    fetch,
    url,
    client,
    calls,
    logged,
    /** Straight to the app, past the note that `calls` keeps. */
    handler,
    connect: () => engine.connectApp({ url: IN_PROCESS_APP, transport, resyncEveryMs: null }),
    /** Seconds since the start of the simulation. */
    elapsed: () => (clock.now() - START) / SECOND,
    runsOf: (functionId: string) =>
      engine.history().runs.filter((run) => run.functionId === `app-${functionId}`),
  };
}

function noted(url: string, body: string, at: number): SimulatedRequest {
  const parsed: {
    steps: Record<string, unknown>;
    ctx: { attempt: number; disable_immediate_execution: boolean; stack: { stack: string[] } };
  } = JSON.parse(body);
  return {
    stepId: new URL(url).searchParams.get("stepId") ?? "",
    attempt: parsed.ctx.attempt,
    at,
    mustPlan: parsed.ctx.disable_immediate_execution,
    memo: parsed.steps,
    stack: parsed.ctx.stack.stack,
    answer: null,
  };
}

function summary({ status, body }: TransportResponse): string {
  if (status !== 206) return String(status);
  const operations: { op: string; displayName?: string }[] = JSON.parse(body);
  return `206 ${operations.map(({ op, displayName }) => `${op} ${displayName ?? ""}`.trim()).join(", ")}`;
}

/** Something that a step waits for until the test opens it. */
export function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

const quiet = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  debug: () => undefined,
};
