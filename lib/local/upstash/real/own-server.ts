/**
 * Owns the real Redis that this program starts for itself: a process of its own, and two users that only this start
 * knows, of whom the one that clients speak through may run the allowed commands and nothing else.
 * Fails closed: a server that does not come up is an error, and is gone.
 */
import { join } from "node:path";
import getPort from "get-port";
import type { Clock } from "@/lib/clock";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";
import type { RedisEngine } from "../engine";
import { areAnswering, connect } from "./connection";
import { createRealEngine } from "./real-engine";
import { type RedisUsers, redisLogName, startRedisProcess } from "./redis-process";

export interface OwnServerOptions {
  readonly executable: string;
  /** For the server's log and configuration. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export async function startOwnServer(options: OwnServerOptions): Promise<RedisEngine> {
  const { clock, random, log, folder } = options;
  const users: RedisUsers = {
    front: { name: "front", password: random.hex(32) },
    keeper: { name: "keeper", password: random.hex(32) },
  };
  const port = await getPort({ host: "127.0.0.1" });
  const server = await startRedisProcess({ ...options, port, users });
  const connectAs = ({ name, password }: RedisUsers["front" | "keeper"]) =>
    connect({ host: "127.0.0.1", port, username: name, password }, log);
  const front = connectAs(users.front);
  const keeper = connectAs(users.keeper);
  const stop = async () => {
    front.disconnect();
    keeper.disconnect();
    await server.stop();
  };

  try {
    if (!(await areAnswering([front, keeper], clock, server.exited))) {
      throw new Error(`redis-server did not come up; its log is ${join(folder, redisLogName)}`);
    }
    return await createRealEngine({
      front,
      keeper,
      doesServerKnowList: true,
      refuseEmptying: async () => undefined,
      stop,
    });
  } catch (error) {
    await stop();
    throw error;
  }
}
