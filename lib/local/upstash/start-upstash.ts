/**
 * Owns the local Upstash: picks an engine, makes it a database with faults on demand, puts the REST front before it, and
 * takes all of it down again.
 * It must never listen elsewhere than on 127.0.0.1, nor pretend that a real Redis follows an injected clock.
 * Fails closed: an engine that was asked for and is not there, or does not fit the clock, is an error at start.
 */
import { type Clock, systemClock } from "@/lib/clock";
import { FaultPlan } from "@/lib/local/faults/fault-plan";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";
import { createDatabase } from "./database";
import type { RedisEngine } from "./engine";
import type { NamedScript, UpstashFault } from "./faults";
import { findExecutable } from "./find-executable";
import { createMemoryEngine } from "./memory/memory-engine";
import { takeExistingServer } from "./real/existing-server";
import { startOwnServer } from "./real/own-server";
import { startRestServer } from "./server";

export interface UpstashStartOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** For the real server's files; nothing is written elsewhere. The in-process engine writes nothing. */
  readonly folder: string;
  /** "auto": the real server where it is on PATH and the clock is the system's, else the in-process engine. */
  readonly engine: "auto" | "memory" | "redis-server";
  /** A real Redis that already runs, taken instead of starting one; see `real/existing-server.ts` for what it may be. */
  readonly redisUrl?: string | undefined;
  /** A free port when omitted. */
  readonly port?: number;
  /** How many acknowledged writes can be rolled back; on a real Redis each costs a copy of the database. Default: 0. */
  readonly keptWrites?: number;
  /** Whose names the rules of faults may use, as `script:<name>`. */
  readonly scripts?: readonly NamedScript[];
}

export interface LocalUpstash {
  readonly url: string;
  readonly token: string;
  readonly engine: "redis-server" | "in-process";
  /** The real server's version; absent for the in-process engine. */
  readonly version?: string;
  /** Commands received over REST since the start, by upper-case name; not those that scripts call. */
  commandCounts(): Record<string, number>;
  /** Rules by which requests fail, and what they have done. */
  readonly faults: FaultPlan<UpstashFault>;
  /**
   * Undoes the last acknowledged writes and all that came after them, as a failover does; answers how many it were, which
   * is less than asked only when there were no more. @throws RangeError when so many are not kept.
   */
  rollBackWrites(count: number): Promise<number>;
  /** Forgets every key and every cached script, as a database that was reset. @throws when it may not be emptied. */
  loseEverything(): Promise<void>;
  /** Resolves when the port is free and the real server's process is gone; harmless when called again. */
  stop(): Promise<void>;
}

/** A running local Upstash, empty. @throws when the wanted engine cannot be had or the port is taken. */
export async function startUpstash(options: UpstashStartOptions): Promise<LocalUpstash> {
  const engine = await startEngine(options);
  const token = options.random.hex(32);
  const { clock, random, log, port = 0, keptWrites, scripts } = options;
  const faults = new FaultPlan<UpstashFault>(random);
  const database = createDatabase({ engine, clock, faults, keptWrites, scripts });
  const server = await startRestServer({ database, token, log, port }).catch(async (error: unknown) => {
    await engine.stop();
    throw error;
  });
  let stopped: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${server.port}`,
    token,
    engine: engine.kind,
    ...(engine.version === undefined ? {} : { version: engine.version }),
    commandCounts: database.commandCounts,
    faults,
    rollBackWrites: database.rollBackWrites,
    loseEverything: database.loseEverything,
    stop() {
      stopped ??= server.close().then(engine.stop);
      return stopped;
    },
  };
}

async function startEngine(options: UpstashStartOptions): Promise<RedisEngine> {
  const { clock, random, log, folder, redisUrl } = options;
  const parts = { clock, random, log };
  switch (options.engine) {
    case "memory":
      return createMemoryEngine({ clock });
    case "redis-server": {
      if (clock !== systemClock) {
        throw new Error(
          'A real redis-server has a clock of its own and cannot follow an injected one. Use the engine "memory" with this clock.',
        );
      }
      if (redisUrl) return takeExistingServer({ ...parts, redisUrl });
      const executable = await findExecutable("redis-server");
      if (executable === undefined) throw new Error("redis-server is not on PATH.");
      return startOwnServer({ ...parts, executable, folder });
    }
    case "auto": {
      if (clock !== systemClock) return createMemoryEngine({ clock });
      // It was asked for by name, so that another engine in its place would be a surprise.
      if (redisUrl) return takeExistingServer({ ...parts, redisUrl });
      const executable = await findExecutable("redis-server");
      if (executable === undefined) return createMemoryEngine({ clock });
      return startOwnServer({ ...parts, executable, folder }).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : "unknown";
        log.warn({ reason }, "redis-server is on PATH but did not start; the in-process engine was taken");
        return createMemoryEngine({ clock });
      });
    }
  }
}
