/**
 * Owns an engine for tests of what it answers over HTTP: a real listener, functions of the real SDK in this process, and
 * a virtual clock, so that sleeps take no time. Each test makes its own; it is stopped when the test has ended.
 */
import { Inngest, type InngestFunction } from "inngest";
import { serve } from "inngest/edge";
import { onTestFinished } from "vitest";
import { SettlingClock } from "@/lib/local/inngest/settling-clock";
import { startInngest } from "@/lib/local/inngest/start-inngest";
import type { ServeHandler } from "@/lib/local/inngest/transport";
import { silentLog } from "@/lib/log";
import { seededRandom } from "@/lib/random";
import { type Answered, askEngine, type Sent } from "./ask-engine";

export async function hostEngine(define: (client: Inngest) => readonly InngestFunction.Any[]) {
  const clock = new SettlingClock(Date.UTC(2026, 0, 1, 10));
  let handler: ServeHandler = () => Promise.reject(new Error("the app is not there yet"));
  const appUrls: ServeHandler = (request) => handler(request);
  const { engine, url, stop } = await startInngest({
    clock,
    random: seededRandom(1),
    log: silentLog,
    appUrls,
  });
  onTestFinished(stop);
  clock.settleWith(engine.idle);
  const quiet = { info: ignore, warn: ignore, error: ignore, debug: ignore };
  const client = new Inngest({ id: "app", isDev: true, baseUrl: url, checkpointing: false, logger: quiet });
  handler = serve({ client, functions: define(client) });
  const [outcome] = await engine.syncNow();
  if (outcome?.kind !== "registered") throw new Error(`not registered: ${JSON.stringify(outcome)}`);
  const ask = (sent: Sent): Promise<Answered> => askEngine(url, sent);
  return {
    clock,
    engine,
    url,
    ask,
    get: (path: string) => ask({ method: "GET", path }),
    getJson: async (path: string): Promise<unknown> => JSON.parse((await ask({ method: "GET", path })).body),
    /** The id of the newest run. */
    newestRun: () => engine.history().runs.at(-1)?.id ?? "none",
  };
}

const ignore = () => undefined;
