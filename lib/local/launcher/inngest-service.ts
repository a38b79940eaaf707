/**
 * Owns the launch's Inngest: the real Dev Server where a CLI was found and comes up, else the embedded engine, which says
 * why. Product code sees only an address. It must never leave a Dev Server behind. A Dev Server that does not come up is no
 * reason not to start; one that ends in the middle of a launch is told, because nothing durable happens from then on.
 */
import { type Cancel, type Clock, sleep } from "@/lib/clock";
import { startInngest } from "@/lib/local/inngest/start-inngest";
import { httpTransport } from "@/lib/local/inngest/transport";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";
import { syncApp } from "./app-sync";
import { type DevServer, startDevServer } from "./dev-server";
import { EMBEDDED, type InngestChoice } from "./plan";

export interface InngestService {
  readonly url: string;
  /** Which one and why, in words for the table. */
  readonly why: string;
  /** Resolves true when the app's functions are registered, false when `ending` comes before. Goes on re-registering. */
  registered(ending: AbortSignal): Promise<boolean>;
  stop(): Promise<void>;
}

export interface InngestServiceOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly choice: InngestChoice;
  readonly appUrl: string;
  /** Where a Dev Server may write. */
  readonly folder: string;
}

const LOOK_MS = 100;
/** Functions change when a developer saves. */
const RESYNC_EVERY_MS = 5_000;

export async function startInngestService(options: InngestServiceOptions): Promise<InngestService> {
  const { choice, appUrl, folder, clock } = options;
  if (choice.kind === "embedded") return startEmbedded(options, choice.why);
  const start = await startDevServer({ executable: choice.executable, appUrl, folder, clock });
  if (start.kind === "up") return devServerService(options, start.server, choice.why);
  const reason = `the Dev Server did not come up (${start.reason})`;
  options.log.warn(
    { executable: choice.executable, reason: start.reason },
    "The Inngest Dev Server did not come up",
  );
  return startEmbedded(options, `${reason}; ${EMBEDDED}`);
}

async function startEmbedded(options: InngestServiceOptions, why: string): Promise<InngestService> {
  const { appUrl, clock, random, log } = options;
  const { engine, url, stop } = await startInngest({ clock, random, log, appUrls: [] });
  return {
    url,
    why,
    stop,
    async registered(ending) {
      const outcome = await engine.connectApp({
        url: appUrl,
        transport: httpTransport,
        resyncEveryMs: RESYNC_EVERY_MS,
      });
      if (outcome.kind === "refused")
        throw new Error(`The functions were refused: ${outcome.problems.join("; ")}`);
      while (engine.functionIds().length === 0) {
        if (ending.aborted) return false;
        await sleep(clock, LOOK_MS);
      }
      return true;
    },
  };
}

function devServerService(
  { appUrl, clock, log }: InngestServiceOptions,
  server: DevServer,
  why: string,
): InngestService {
  let isStopping = false;
  void server.ended.then((code) => {
    if (!isStopping)
      log.error({ code }, "The Inngest Dev Server ended; nothing durable happens until you start again");
  });
  let lastRefusal = "";
  const sync = async (): Promise<boolean> => {
    const outcome = await syncApp(appUrl);
    const refusal = outcome.kind === "refused" ? outcome.reason : "";
    // Each change of reason once: the app is asked every few seconds.
    if (refusal !== "" && refusal !== lastRefusal && !isStopping)
      log.warn({ reason: refusal }, "The app could not register its functions; it will be asked again");
    lastRefusal = refusal;
    return refusal === "";
  };
  let cancelNext: Cancel = () => undefined;
  const goOn = () => {
    if (!isStopping) cancelNext = clock.after(RESYNC_EVERY_MS, () => void sync().then(goOn));
  };
  return {
    url: server.url,
    why: `Dev Server ${server.version}; ${why}; forgets everything when it stops`,
    async stop() {
      isStopping = true;
      cancelNext();
      await server.stop();
    },
    async registered(ending) {
      while (!(await sync())) {
        if (ending.aborted) return false;
        await sleep(clock, LOOK_MS * 10);
      }
      goOn();
      return true;
    },
  };
}
