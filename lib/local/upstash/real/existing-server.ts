/**
 * Owns taking a real Redis that already runs (`REDIS_URL`) as the engine, without ever harming what is somebody else's.
 * It takes only a numbered database of its own on this machine: an empty one, with nobody else in it. Number 0 is what
 * every program takes by default, and another machine's Redis may be a deployment's. Everything in the database is then
 * ours to empty, and it is emptied at the end; but never while somebody else is connected to it.
 * Fails closed: each of these is an error at start with a sentence that says what to do.
 */
import type { Redis as RedisClient } from "ioredis";
import type { Clock } from "@/lib/clock";
import { isLoopbackHost } from "@/lib/local/loopback";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";
import type { RedisEngine } from "../engine";
import { areAnswering, connect, type RedisPlace } from "./connection";
import { createRealEngine } from "./real-engine";

export interface ExistingServerOptions {
  readonly redisUrl: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** @throws when the address or what is found there may not be taken. The text never holds the address, which may hold a password. */
export async function takeExistingServer(options: ExistingServerOptions): Promise<RedisEngine> {
  const { clock, random, log } = options;
  const place = readPlace(options.redisUrl);
  // The server lists its clients by name, which tells ours from others.
  const connectionName = `rekindle-local-${random.hex(8)}`;
  const open = () => connect({ ...place, connectionName }, log);
  const [front, keeper] = [open(), open()];
  const disconnect = () => {
    front.disconnect();
    keeper.disconnect();
  };

  const refuseEmptying = async () => {
    const others = await countOthers(keeper, place.db, connectionName);
    if (others === 0) return undefined;
    return `REDIS_URL's database ${place.db} is in use by ${others} other connection(s), so it is not emptied.`;
  };

  try {
    if (!(await areAnswering([front, keeper], clock))) {
      throw new Error("REDIS_URL names a Redis that did not answer, or does not take its password.");
    }
    await refuseForeign(keeper, place.db, connectionName);
    return await createRealEngine({
      front,
      keeper,
      doesServerKnowList: false,
      refuseEmptying,
      async stop() {
        const refusal = await refuseEmptying();
        if (refusal === undefined) await keeper.flushdb();
        else log.warn({ reason: refusal }, "What the local Upstash wrote stays in the real Redis");
        disconnect();
      },
    });
  } catch (error) {
    disconnect();
    throw error;
  }
}

function readPlace(redisUrl: string): RedisPlace & { readonly db: number } {
  const url = URL.canParse(redisUrl) ? new URL(redisUrl) : undefined;
  if (url?.protocol !== "redis:") throw new Error("REDIS_URL is no address that begins with redis://.");
  if (!isLoopbackHost(url.host)) {
    throw new Error(
      "REDIS_URL names a Redis on another machine. The local Upstash takes only one at 127.0.0.1, ::1 or localhost.",
    );
  }
  const db = Number(/^\/(\d+)$/.exec(url.pathname)?.[1] ?? 0);
  if (db === 0) {
    throw new Error(
      "REDIS_URL must name a database for the local Upstash alone, by a number that is not 0, as redis://127.0.0.1:6379/9 does.",
    );
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || 6379),
    db,
    ...(url.username === "" ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
  };
}

async function refuseForeign(keeper: RedisClient, db: number, connectionName: string): Promise<void> {
  if ((await countOthers(keeper, db, connectionName)) > 0) {
    throw new Error(
      `REDIS_URL's database ${db} is in use by another program. Name one that nobody else uses.`,
    );
  }
  if ((await keeper.dbsize()) > 0) {
    throw new Error(
      `REDIS_URL's database ${db} is not empty. Name an empty one, or empty it yourself (redis-cli -n ${db} FLUSHDB).`,
    );
  }
}

async function countOthers(keeper: RedisClient, db: number, connectionName: string): Promise<number> {
  const clients = String(await keeper.client("LIST"))
    .split("\n")
    .map((line) => ` ${line} `);
  return clients.filter((line) => line.includes(` db=${db} `) && !line.includes(` name=${connectionName} `))
    .length;
}
