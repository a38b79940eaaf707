/**
 * Owns the local Upstash: picks an engine, puts the REST front before it, and takes both down again.
 * It must never listen elsewhere than on 127.0.0.1, nor pretend that a real Redis follows an injected clock.
 * Fails closed: an engine that was asked for and is not there, or does not fit the clock, is an error at start.
 */
import { type Clock, systemClock } from "@/lib/clock";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";
import type { RedisEngine } from "./engine";
import { findExecutable } from "./find-executable";
import { createMemoryEngine } from "./memory/memory-engine";
import { startRealRedis } from "./real-redis";
import { startRestServer } from "./server";

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

/** A running local Upstash, empty. @throws when the wanted engine cannot be had or the port is taken. */
export async function startUpstash(options: UpstashStartOptions): Promise<LocalUpstash> {
  const engine = await startEngine(options);
  const token = options.random.hex(32);
  const { log, port = 0 } = options;
  const server = await startRestServer({ engine, token, log, port }).catch(async (error: unknown) => {
    await engine.stop();
    throw error;
  });
  let stopped: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${server.port}`,
    token,
    engine: engine.kind,
    ...(engine.version === undefined ? {} : { version: engine.version }),
    commandCounts: server.commandCounts,
    loseEverything: engine.loseEverything,
    stop() {
      stopped ??= server.close().then(engine.stop);
      return stopped;
    },
  };
}

async function startEngine(options: UpstashStartOptions): Promise<RedisEngine> {
  const { clock, random, log, folder } = options;
  switch (options.engine) {
    case "memory":
      return createMemoryEngine({ clock });
    case "redis-server": {
      if (clock !== systemClock) {
        throw new Error(
          'A real redis-server has a clock of its own and cannot follow an injected one. Use the engine "memory" with this clock.',
        );
      }
      const executable = await findExecutable("redis-server");
      if (executable === undefined) throw new Error("redis-server is not on PATH.");
      return startRealRedis({ executable, folder, clock, random, log });
    }
    case "auto": {
      const executable = clock === systemClock ? await findExecutable("redis-server") : undefined;
      if (executable === undefined) return createMemoryEngine({ clock });
      return startRealRedis({ executable, folder, clock, random, log }).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : "unknown";
        log.warn({ reason }, "redis-server is on PATH but did not start; the in-process engine was taken");
        return createMemoryEngine({ clock });
      });
    }
  }
}
