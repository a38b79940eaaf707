/** In-process use with the handlers that a Next.js route exports, and the entrance's own `fetch`. */

import { cron, Inngest } from "inngest";
import { serve as serveEdge } from "inngest/edge";
import { serve } from "inngest/next";
import { NextRequest } from "next/server";
import { describe, expect, it } from "vitest";
import { SettlingClock } from "@/lib/local/inngest/settling-clock";
import { IN_PROCESS_APP, startInngest } from "@/lib/local/inngest/start-inngest";
import { inProcessTransport, type ServeHandler } from "@/lib/local/inngest/transport";
import { silentLog } from "@/lib/log";
import { seededRandom } from "@/lib/random";
import { HOUR, simulate } from "./simulated-app";

describe("in process", () => {
  it("runs the functions of a Next.js route whose client sends through the engine's fetch", async () => {
    const clock = new SettlingClock();
    let route: ServeHandler = () => Promise.reject(new Error("the route is not there yet"));
    const inngest = await startInngest({
      clock,
      random: seededRandom(1),
      log: silentLog,
      appUrls: (request) => route(request),
    });
    clock.settleWith(inngest.engine.idle);
    const client = new Inngest({ id: "web", isDev: true, baseUrl: inngest.url, fetch: inngest.fetch });
    const nap = client.createFunction({ id: "nap", triggers: [{ event: "go" }] }, async ({ step, event }) => {
      await step.sleep("nap", "1h");
      return event.data.n;
    });
    const { POST, PUT } = serve({ client, functions: [nap] });
    route = (request) => (request.method === "PUT" ? PUT : POST)(new NextRequest(request), undefined);
    expect(await inngest.engine.syncNow()).toEqual([
      { kind: "registered", appId: "web", functionIds: ["web-nap"] },
    ]);
    await client.send({ name: "go", data: { n: 3 } });
    await clock.advance(HOUR);
    expect(inngest.engine.history().runs[0]).toMatchObject({ status: "Completed", output: 3 });
    await inngest.stop();
  });

  it("reaches only the engine by the engine's fetch", async () => {
    const world = await simulate(() => []);
    await expect(world.fetch("http://127.0.0.1:1/e/key")).rejects.toThrow("reaches only");
    expect((await world.fetch(`${world.url}/health`)).status).toBe(200);
  });

  it("registers a set once, says unchanged after that, and ticks a cron once although it was registered again", async () => {
    const world = await simulate(() => []);
    const sweep = world.client.createFunction(
      { id: "sweep", triggers: [cron("*/5 * * * *")] },
      async () => null,
    );
    const added = world.client.createFunction({ id: "added", triggers: [{ event: "go" }] }, async () => null);
    let served = inProcessTransport(serveEdge({ client: world.client, functions: [sweep] }));
    await world.engine.connectApp({
      url: `${IN_PROCESS_APP}/second`,
      resyncEveryMs: null,
      transport: (request) => served(request),
    });
    expect((await world.engine.syncNow())[1]?.kind).toBe("unchanged");
    served = inProcessTransport(serveEdge({ client: world.client, functions: [sweep, added] }));
    expect((await world.engine.syncNow())[1]?.kind).toBe("registered");
    await world.clock.advance(HOUR);
    expect(world.runsOf("sweep")).toHaveLength(12);
  });

  it("says why when the app in this process cannot be synced, and registers nothing", async () => {
    const world = await simulate(() => []);
    const outcome = await world.engine.connectApp({
      url: `${IN_PROCESS_APP}/other`,
      resyncEveryMs: null,
      transport: async () => ({ status: 500, headers: {}, body: "broken" }),
    });
    expect(outcome).toEqual({ kind: "unreachable", reason: "the app answered the sync with 500: broken" });
  });
});
