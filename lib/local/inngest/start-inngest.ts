/**
 * Owns the start and end of the embedded Inngest engine on this machine: its loopback listener, its apps, its stop.
 * It must never listen on anything but loopback. Fails closed: if the port is taken, nothing was started.
 */
import type { Clock } from "@/lib/clock";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";
import type { InngestEngine } from "./engine-port";
import type { ServeHandler, Transport } from "./transport";

export interface InngestOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** 0 or absent: a free one. */
  readonly port?: number;
  /** Addresses of serve handlers to sync with, again and again; or one handler in this process, synced once. */
  readonly appUrls: readonly string[] | ServeHandler;
  /** How the addresses are called; HTTP if absent. */
  readonly transport?: Transport;
}

export interface LocalInngest {
  /** What `INNGEST_DEV` is set to. */
  readonly url: string;
  readonly engine: InngestEngine;
  /** A `fetch` for `new Inngest({ fetch })` that reaches the engine without a socket; refuses other addresses. */
  readonly fetch: typeof globalThis.fetch;
  /** Settles or aborts the calls in flight, closes the listener and leaves no timer. */
  stop(): Promise<void>;
}

export function startInngest(_options: InngestOptions): Promise<LocalInngest> {
  return Promise.reject(new Error("The embedded Inngest engine is not built yet"));
}
