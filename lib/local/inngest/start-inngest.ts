/**
 * Owns the start and end of the embedded Inngest engine on this machine: with a loopback listener and apps for a
 * developer, or without any socket for simulations. It must never listen on anything but loopback. Fails closed: if
 * the port is taken, nothing was started. Volatile: sleeps, windows and history end with the process.
 */
import { type Api, createApi } from "./api";
import { createEngine, type Engine, type EngineParts } from "./engine";
import type { InngestEngine } from "./engine-port";
import { listen } from "./server";
import { httpTransport, inProcessTransport, type ServeHandler, type Transport } from "./transport";

export interface InngestOptions extends EngineParts {
  /** 0 or absent: a free one. */
  readonly port?: number;
  /**
   * Addresses of serve handlers to sync with, again and again; or one handler in this process, synced once. Empty if
   * apps come later, by `engine.connectApp`.
   */
  readonly appUrls: readonly string[] | ServeHandler;
  /** How the addresses are called; HTTP if absent. */
  readonly transport?: Transport;
}

export interface InProcessInngest {
  /** What `INNGEST_DEV` or the client's `baseUrl` is set to. */
  readonly url: string;
  readonly engine: InngestEngine;
  /** A `fetch` for `new Inngest({ fetch })` that reaches the engine without a socket; refuses other addresses. */
  readonly fetch: typeof globalThis.fetch;
}

export interface LocalInngest extends InProcessInngest {
  /** Settles or aborts the calls in flight, closes the listener and leaves no timer. */
  stop(): Promise<void>;
}

/** Functions change when the developer saves; an app that restarts has the same ones. */
const RESYNC_EVERY_MS = 5000;

/** Listens first, so that an app which is asked to sync can already send events. Rejects if the port is taken. */
export async function startInngest(options: InngestOptions): Promise<LocalInngest> {
  const engine = createEngine(options);
  const api = createApi(engine, options.log);
  const listener = await listen(api, options.port ?? 0, options.log);
  options.log.info(
    { url: listener.url },
    "The embedded Inngest engine started; it forgets everything when it stops",
  );
  const { appUrls } = options;
  if (typeof appUrls === "function")
    await engine.connectApp({
      url: IN_PROCESS_APP,
      transport: inProcessTransport(appUrls),
      resyncEveryMs: null,
    });
  else connectAll(engine, appUrls, options.transport ?? httpTransport);
  return {
    url: listener.url,
    engine,
    fetch: fetchThrough(api, listener.url),
    async stop() {
      await engine.stop();
      await listener.close();
    },
  };
}

/** The same engine without a listener: with a virtual clock, months of lifecycle in milliseconds. */
export function createInProcessInngest(options: EngineParts): InProcessInngest {
  const engine = createEngine(options);
  return {
    url: IN_PROCESS_ENGINE,
    engine,
    fetch: fetchThrough(createApi(engine, options.log), IN_PROCESS_ENGINE),
  };
}

/** Where an in-process handler says that it is; no request ever goes there. */
export const IN_PROCESS_APP = "http://127.0.0.1/api/inngest";
const IN_PROCESS_ENGINE = "http://127.0.0.1:8288";

/** Not awaited: an app that is still starting must not hold up the engine that it needs. */
function connectAll(engine: Engine, appUrls: readonly string[], transport: Transport): void {
  for (const url of appUrls) void engine.connectApp({ url, transport, resyncEveryMs: RESYNC_EVERY_MS });
}

function fetchThrough(api: Api, baseUrl: string): typeof globalThis.fetch {
  const { origin, host } = new URL(baseUrl);
  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (url.origin !== origin) throw new TypeError(`This fetch reaches only ${origin}, not ${url.origin}`);
    const { status, headers, body } = api({
      method: request.method,
      path: url.pathname + url.search,
      headers: { ...Object.fromEntries(request.headers.entries()), host },
      body: await request.text(),
    });
    return new Response(body, { status, headers });
  };
}
