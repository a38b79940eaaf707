/** Owns the embedded engine as a target: in this process, with a virtual clock and a seed, without a socket. */
import { onTestFinished } from "vitest";
import { sleep } from "@/lib/clock";
import { SettlingClock } from "@/lib/local/inngest/settling-clock";
import { createInProcessInngest, IN_PROCESS_APP } from "@/lib/local/inngest/start-inngest";
import { inProcessTransport } from "@/lib/local/inngest/transport";
import { silentLog } from "@/lib/log";
import { seededRandom } from "@/lib/random";
import { createApp, type Target } from "./target";

export const embeddedTarget: Target = async (scenario) => {
  const clock = new SettlingClock();
  const inngest = createInProcessInngest({ clock, random: seededRandom(1), log: silentLog });
  onTestFinished(() => inngest.engine.stop());
  clock.settleWith(inngest.engine.idle);
  const host = {
    now: () => clock.now(),
    pause: (seconds: number) => sleep(clock, seconds * 1000),
    wait: (seconds: number) => clock.advance(seconds * 1000),
  };
  const app = createApp(scenario, host, { baseUrl: inngest.url, fetch: inngest.fetch });
  const transport = inProcessTransport(app.handler);
  const outcome = await inngest.engine.connectApp({ url: IN_PROCESS_APP, transport, resyncEveryMs: null });
  if (outcome.kind !== "registered")
    throw new Error(`The app was not registered: ${JSON.stringify(outcome)}`);
  await app.play();
  return app.trace();
};
