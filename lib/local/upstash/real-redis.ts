/**
 * Owns the engine that is a real Redis: a server process of its own and two connections to it. Its time is the
 * machine's, which cannot be injected. It must never send a command again after a lost connection: whoever asked
 * decides that. Fails closed: without a connection a command rejects.
 */
import { join } from "node:path";
import getPort from "get-port";
import { Redis as RedisClient, ReplyError } from "ioredis";
import { type Cancel, type Clock, sleep } from "@/lib/clock";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";
import type { Command, RedisEngine } from "./engine";
import { type RedisProcess, type RedisUsers, redisLogName, startRedisProcess } from "./redis-process";
import { array, bytesReply, errorReply, integer, nil, type Reply } from "./reply";

export interface RealRedisOptions {
  readonly executable: string;
  /** For the server's log and configuration. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const readyWithinMs = 10_000;

export async function startRealRedis(options: RealRedisOptions): Promise<RedisEngine> {
  const users: RedisUsers = {
    front: { name: "front", password: options.random.hex(32) },
    keeper: { name: "keeper", password: options.random.hex(32) },
  };
  const port = await getPort({ host: "127.0.0.1" });
  const server = await startRedisProcess({ ...options, port, users });
  const front = connect(port, users.front, options.log);
  const keeper = connect(port, users.keeper, options.log);
  const stop = async () => {
    front.disconnect();
    keeper.disconnect();
    await server.stop();
  };

  try {
    await untilReady([front, keeper], server, options);
    const version = /redis_version:(\S+)/.exec(await keeper.info("server"))?.[1];
    return {
      kind: "redis-server",
      ...(version === undefined ? {} : { version }),
      execute: (command) => send(front, command),
      executeAtomically: (commands) => sendAtomically(front, commands),
      async loseEverything() {
        await keeper.flushall();
        await keeper.script("FLUSH");
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @throws when the server ended or did not answer in time. */
async function untilReady(
  clients: readonly RedisClient[],
  server: RedisProcess,
  { clock, folder }: RealRedisOptions,
): Promise<void> {
  let cancelDeadline: Cancel = () => undefined;
  const deadline = new Promise<void>((resolve) => {
    cancelDeadline = clock.after(readyWithinMs, resolve);
  });
  const failed = Promise.race([server.exited, deadline]).then(() => "failed" as const);
  const answered = Promise.all(clients.map((client) => untilAnswering(client, clock))).then(
    () => "ready" as const,
  );
  const outcome = await Promise.race([failed, answered]);
  cancelDeadline();
  if (outcome === "failed") {
    throw new Error(`redis-server did not come up; its log is ${join(folder, redisLogName)}`);
  }
}

function connect(port: number, user: RedisUsers["front" | "keeper"], log: Log): RedisClient {
  const client = new RedisClient({
    host: "127.0.0.1",
    port,
    username: user.name,
    password: user.password,
    // ioredis 6 speaks RESP3 unless told; Upstash's replies are RESP2's.
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => reconnectAfterMs,
    lazyConnect: true,
  });
  // Without a listener Node ends the process. What matters to a caller is in the command that failed.
  client.on("error", (error: Error) => {
    if (client.status === "ready")
      log.warn({ reason: error.message }, "The real Redis had a connection fault");
  });
  return client;
}

const reconnectAfterMs = 50;

/** The server needs a moment before it listens; every attempt until then is refused. */
async function untilAnswering(client: RedisClient, clock: Clock): Promise<void> {
  for (;;) {
    const answered = await client.ping().then(
      () => true,
      () => false,
    );
    if (answered || client.status === "end") return;
    await sleep(clock, reconnectAfterMs);
  }
}

async function send(client: RedisClient, [name, ...args]: Command): Promise<Reply> {
  try {
    return toReply(await client.callBuffer(name, args.map(asBuffer)));
  } catch (error) {
    return asErrorReply(error);
  }
}

/** Queued without a pause on one connection, so nothing of this client comes in between; MULTI does the rest. */
async function sendAtomically(client: RedisClient, commands: readonly Command[]): Promise<readonly Reply[]> {
  const queued = [["MULTI"] as const, ...commands].map(([name, ...args]) =>
    client.callBuffer(name, args.map(asBuffer)),
  );
  const executed = client.callBuffer("EXEC", []);
  // A command that cannot be queued also makes EXEC fail, which is what is reported.
  await Promise.allSettled(queued);
  try {
    const reply = toReply(await executed);
    return reply.kind === "array" ? reply.items : commands.map(() => nil);
  } catch (error) {
    const failure = asErrorReply(error);
    return commands.map(() => failure);
  }
}

const asBuffer = (bytes: string): Buffer => Buffer.from(bytes, "latin1");

/** An error of the server is a reply; any other means that the server is not there, and is thrown on. */
function asErrorReply(error: unknown): Reply {
  if (error instanceof ReplyError && error instanceof Error) return errorReply(error.message);
  throw error;
}

function toReply(value: unknown): Reply {
  if (value === null || value === undefined) return nil;
  if (typeof value === "number") return integer(value);
  if (Buffer.isBuffer(value)) return bytesReply(value.toString("latin1"));
  if (typeof value === "string") return bytesReply(Buffer.from(value, "utf8").toString("latin1"));
  if (Array.isArray(value)) return array(value.map(toReply));
  return asErrorReply(value);
}
