/**
 * Owns the local Upstash: picks an engine, puts the REST front before it, and takes both down again.
 * It must never listen elsewhere than on 127.0.0.1, nor pretend that a real Redis follows an injected clock.
 * Fails closed: an engine that was asked for and is not there, or does not fit the clock, is an error at start.
 */
import type { Clock } from "@/lib/clock";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";

export interface UpstashStartOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** For the real server's files; nothing is written elsewhere. The in-process engine writes nothing. */
  readonly folder: string;
  /** "auto": the real server where it is on PATH and the clock is the system's, else the in-process engine. */
  readonly engine: "auto" | "memory" | "redis-server";
  /** A free port when omitted. */
  readonly port?: number;
}

export interface LocalUpstash {
  readonly url: string;
  readonly token: string;
  readonly engine: "redis-server" | "in-process";
  /** The real server's version; absent for the in-process engine. */
  readonly version?: string;
  /** Commands received over REST since the start, by upper-case name; not those that scripts call. */
  commandCounts(): Record<string, number>;
  /** Forgets every key and every cached script, as a database that was reset. */
  loseEverything(): Promise<void>;
  /** Resolves when the port is free and the real server's process is gone; harmless when called again. */
  stop(): Promise<void>;
}

export declare function startUpstash(options: UpstashStartOptions): Promise<LocalUpstash>;
