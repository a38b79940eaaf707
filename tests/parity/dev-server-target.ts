/**
 * Owns a real Dev Server as a target: a process of its own for each scenario, on loopback, with the app behind a real
 * socket, in real time. It must never leave a server behind its test.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { sleep, systemClock } from "@/lib/clock";
import type { ServeHandler } from "@/lib/local/inngest/transport";
import { syncApp } from "@/lib/local/launcher/app-sync";
import { type DevServer, startDevServer } from "@/lib/local/launcher/dev-server";
import { createApp, type Target } from "./target";

/** The server tells the end of a run by an event, which takes its queue a moment. */
const LAST_WORDS_MS = 2_000;

export const devServerTarget =
  (executable: string): Target =>
  async (scenario) => {
    let handler: ServeHandler = async () => new Response("The app is starting", { status: 503 });
    // The app listens first, because the server is told its address, and the app the server's.
    const appUrl = await serveForTest((request) => handler(request));
    const server = await startForTest(executable, appUrl);
    const pass = (seconds: number) => sleep(systemClock, seconds * 1000);
    const host = { now: () => systemClock.now(), pause: pass, wait: pass };
    const app = createApp(scenario, host, { baseUrl: server.url });
    handler = app.handler;
    const synced = await syncApp(appUrl);
    if (synced.kind === "refused") throw new Error(`The app was not registered: ${synced.reason}`);
    await app.play();
    await sleep(systemClock, LAST_WORDS_MS);
    return app.trace();
  };

/** As the server says itself. */
export async function versionOf(executable: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rekindle-parity-"));
  try {
    const start = await startDevServer({
      executable,
      appUrl: "http://127.0.0.1:9",
      folder,
      clock: systemClock,
    });
    if (start.kind === "down") throw new Error(`${executable}: ${start.reason}`);
    await start.server.stop();
    return start.server.version;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function startForTest(executable: string, appUrl: string): Promise<DevServer> {
  const folder = await mkdtemp(join(tmpdir(), "rekindle-parity-"));
  const start = await startDevServer({ executable, appUrl, folder, clock: systemClock });
  onTestFinished(async () => {
    if (start.kind === "up") await start.server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  if (start.kind === "down") throw new Error(`The Dev Server did not come up: ${start.reason}`);
  return start.server;
}

/** The address of the app. */
async function serveForTest(handler: ServeHandler): Promise<string> {
  const server = createServer((request, response) => {
    void answer(handler, request).then(async (answered) => {
      response.writeHead(answered.status, Object.fromEntries(answered.headers));
      response.end(await answered.text());
    });
  });
  onTestFinished(() => closeServer(server));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The app has no port");
  return `http://127.0.0.1:${address.port}/api/inngest`;
}

/** The SDK's fetch-style adapter over Node's server, so that both targets are recorded in the same place. */
async function answer(handler: ServeHandler, incoming: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const method = incoming.method ?? "GET";
  const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  const body = method === "GET" || method === "HEAD" ? {} : { body: Buffer.concat(chunks) };
  return handler(new Request(`http://${incoming.headers.host}${incoming.url}`, { method, headers, ...body }));
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
