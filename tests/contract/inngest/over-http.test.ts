/** The engine over real sockets with the real SDK's Node adapter, found by INNGEST_DEV alone (inngest.md §1.2, §3). */
import { createServer, type RequestListener, type Server } from "node:http";
import { Inngest } from "inngest";
import { serve } from "inngest/node";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Clock, systemClock } from "@/lib/clock";
import { type LocalInngest, startInngest } from "@/lib/local/inngest/start-inngest";
import { silentLog } from "@/lib/log";
import { systemRandom } from "@/lib/random";

/** Twenty times as fast as the machine's, so that polling and sleeps do not make the test slow. */
const hastyClock: Clock = {
  now: () => systemClock.now() * 20,
  after: (delayMs, callback) => systemClock.after(delayMs / 20, callback),
};

/** Generous, because a busy machine is slow; a condition that holds returns at once. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

const quiet = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  debug: () => undefined,
};

const servers: Server[] = [];
let appPort = 0;
let inngest: LocalInngest;

const serveApp = async (listener: RequestListener, port: number) => {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The app has no port");
  return address.port;
};

const closeApp = async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
};

const client = () => new Inngest({ id: "web", logger: quiet });

beforeEach(async () => {
  // A port that was free a moment ago and where nobody answers yet.
  appPort = await serveApp((_request, response) => response.end(), 0);
  await closeApp();
  inngest = await startInngest({
    clock: hastyClock,
    random: systemRandom,
    log: silentLog,
    appUrls: [`http://127.0.0.1:${appPort}/api/inngest`],
  });
  vi.stubEnv("INNGEST_DEV", inngest.url);
});

afterEach(async () => {
  await inngest.stop();
  await closeApp();
  vi.unstubAllEnvs();
});

describe("over HTTP", () => {
  it("finds an app that starts later, runs its functions, and takes the events that they send", async () => {
    const app = client();
    const functions = [
      app.createFunction({ id: "first", triggers: [{ event: "go" }] }, async ({ step, event }) => {
        const text = await step.run("text", () => `n${event.data.n}`);
        await step.sleep("rest", "2s");
        await step.sendEvent("tell", { name: "told", data: { text } });
        return text;
      }),
      app.createFunction(
        { id: "second", triggers: [{ event: "told" }] },
        async ({ event }) => event.data.text,
      ),
    ];
    await serveApp(serve({ client: app, functions }), appPort);
    await eventually(() => inngest.engine.functionIds()).toEqual(["web-first", "web-second"]);
    const { ids } = await app.send({ name: "go", data: { n: 7 } });
    await eventually(() => inngest.engine.history().runs.map(({ status }) => status)).toEqual([
      "Completed",
      "Completed",
    ]);
    const response = await fetch(`${inngest.url}/v1/events/${ids[0]}/runs`);
    expect(await response.json()).toMatchObject({
      data: [{ function_id: "web-first", status: "Completed", output: "n7" }],
    });
    expect(inngest.engine.history().runs[1]?.output).toBe("n7");
  });

  it("notices an app that came back with other functions, and keeps the old ones while it is refused", async () => {
    const before = client();
    await serveApp(
      serve({
        client: before,
        functions: [before.createFunction({ id: "old", triggers: [{ event: "a" }] }, async () => 1)],
      }),
      appPort,
    );
    await eventually(() => inngest.engine.functionIds()).toEqual(["web-old"]);
    await closeApp();
    const broken = client();
    const refused = broken.createFunction(
      { id: "refused", triggers: [{ event: "a" }], batchEvents: { maxSize: 2, timeout: "5s" } },
      async () => 1,
    );
    await serveApp(serve({ client: broken, functions: [refused] }), appPort);
    await eventually(async () => (await inngest.engine.syncNow())[0]).toMatchObject({
      kind: "refused",
      problems: [expect.stringContaining("batchEvents")],
    });
    expect(inngest.engine.functionIds()).toEqual(["web-old"]);
    await closeApp();
    const after = client();
    await serveApp(
      serve({
        client: after,
        functions: [after.createFunction({ id: "new", triggers: [{ event: "a" }] }, async () => 1)],
      }),
      appPort,
    );
    await eventually(() => inngest.engine.functionIds()).toEqual(["web-new"]);
  });

  it("repeats a call that met a dead app and completes the run when the app is back", async () => {
    const app = client();
    const listener = serve({
      client: app,
      functions: [
        app.createFunction({ id: "f", triggers: [{ event: "go" }] }, async ({ step }) =>
          step.run("s", () => "ok"),
        ),
      ],
    });
    await serveApp(listener, appPort);
    await eventually(() => inngest.engine.functionIds()).toEqual(["web-f"]);
    await closeApp();
    await app.send({ name: "go" });
    await eventually(() => inngest.engine.history().runs[0]?.reason).toContain("did not answer");
    await serveApp(listener, appPort);
    await eventually(() => inngest.engine.history().runs[0]?.status).toBe("Completed");
  });

  it("stops while a call hangs", async () => {
    const app = client();
    let hasBegun = false;
    const hang = app.createFunction({ id: "hang", triggers: [{ event: "go" }] }, async () => {
      hasBegun = true;
      await new Promise(() => undefined);
    });
    await serveApp(serve({ client: app, functions: [hang] }), appPort);
    await eventually(() => inngest.engine.functionIds()).toEqual(["web-hang"]);
    await app.send({ name: "go" });
    await eventually(() => hasBegun).toBe(true);
    await inngest.stop();
    await expect(fetch(inngest.url)).rejects.toThrow();
  });
});
