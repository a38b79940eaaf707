/** A production configuration by environment variables alone, over real sockets: keys, no INNGEST_DEV (inngest.md §1.2, §3.6). */
import { createServer, type Server } from "node:http";
import { Inngest } from "inngest";
import { serve } from "inngest/node";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "@/lib/clock";
import { type LocalInngest, startInngest } from "@/lib/local/inngest/start-inngest";
import { silentLog } from "@/lib/log";
import { systemRandom } from "@/lib/random";

const SIGNING_KEY = `signkey-prod-${"0d".repeat(32)}`;
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

let app: Server;
let inngest: LocalInngest;

beforeEach(async () => {
  app = createServer();
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  const address = app.address();
  if (typeof address !== "object" || address === null) throw new Error("The app has no port");
  inngest = await startInngest({
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    checkpointing: true,
    cloud: { signingKey: SIGNING_KEY, eventKey: "events-key" },
    appUrls: [`http://127.0.0.1:${address.port}/api/inngest`],
  });
  vi.stubEnv("INNGEST_DEV", "0");
  vi.stubEnv("INNGEST_BASE_URL", inngest.url);
  vi.stubEnv("INNGEST_SIGNING_KEY", SIGNING_KEY);
  vi.stubEnv("INNGEST_EVENT_KEY", "events-key");
});

afterEach(async () => {
  await inngest.stop();
  app.closeAllConnections();
  await new Promise((resolve) => app.close(resolve));
  vi.unstubAllEnvs();
});

const quiet = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  debug: () => undefined,
};

const serveApp = () => {
  const client = new Inngest({ id: "web", logger: quiet });
  const fn = client.createFunction({ id: "f", triggers: [{ event: "go" }] }, async ({ step, event }) => {
    const text = await step.run("text", () => `n${event.data.n}`);
    await step.sendEvent("tell", { name: "told", data: { text } });
    return step.run("again", () => `${text}!`);
  });
  app.on("request", serve({ client, functions: [fn] }));
  return client;
};

describe("production configuration", () => {
  it("§3.6 syncs, runs with checkpoints and sends events, every call signed", async () => {
    const client = serveApp();
    await eventually(() => inngest.engine.functionIds()).toEqual(["web-f"]);
    await client.send({ name: "go", data: { n: 7 } });
    await eventually(() => inngest.engine.history().runs[0]).toMatchObject({
      status: "Completed",
      output: "n7!",
      calls: 1,
    });
    expect(inngest.engine.history().events.map(({ name }) => name)).toContain("told");
  });

  it("§3.6 an app with another key registers nothing, and its events are refused with another event key", async () => {
    vi.stubEnv("INNGEST_SIGNING_KEY", `signkey-prod-${"0e".repeat(32)}`);
    vi.stubEnv("INNGEST_EVENT_KEY", "another-key");
    const client = serveApp();
    await eventually(async () => (await inngest.engine.syncNow())[0]).toMatchObject({ kind: "refused" });
    expect(inngest.engine.functionIds()).toEqual([]);
    await expect(client.send({ name: "go" })).rejects.toThrow("Event key not found");
    expect(inngest.engine.history().events).toEqual([]);
  });
});
