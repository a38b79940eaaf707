/**
 * Owns a connection to a real Redis: opening it, and sending commands as the engines know them. It must never send a
 * command again after a lost connection: whoever asked decides that. Fails closed: without a connection a command
 * rejects; an error of the server is a reply.
 */
import { Redis as RedisClient, ReplyError } from "ioredis";
import { type Cancel, type Clock, sleep } from "@/lib/clock";
import type { Log } from "@/lib/log";
import type { Command } from "../engine";
import { array, bytesReply, errorReply, integer, nil, type Reply } from "../reply";

const readyWithinMs = 10_000;
const reconnectAfterMs = 50;

export interface RedisPlace {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  /** 0 when absent. */
  readonly db?: number;
  /** By which the server lists the connection. */
  readonly connectionName?: string;
}

export function connect(where: RedisPlace, log: Log): RedisClient {
  const client = new RedisClient({
    ...where,
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

/** False when they do not all answer in time, or `failed` resolves before. */
export async function areAnswering(
  clients: readonly RedisClient[],
  clock: Clock,
  failed: Promise<void> = new Promise(() => undefined),
): Promise<boolean> {
  let cancelDeadline: Cancel = () => undefined;
  const deadline = new Promise<void>((resolve) => {
    cancelDeadline = clock.after(readyWithinMs, resolve);
  });
  let isOver = false;
  const gaveUp = Promise.race([failed, deadline]).then(() => false);
  const answered = Promise.all(clients.map((client) => untilAnswering(client, clock, () => isOver)));
  const outcome = await Promise.race([gaveUp, answered.then(() => true)]);
  isOver = true;
  cancelDeadline();
  return outcome;
}

/** A server needs a moment before it listens; every attempt until then is refused. */
async function untilAnswering(client: RedisClient, clock: Clock, isOver: () => boolean): Promise<void> {
  while (!isOver() && client.status !== "end") {
    const answered = await client.ping().then(
      () => true,
      () => false,
    );
    if (answered) return;
    await sleep(clock, reconnectAfterMs);
  }
}

export async function send(client: RedisClient, [name, ...args]: Command): Promise<Reply> {
  try {
    return toReply(await client.callBuffer(name, args.map(asBuffer)));
  } catch (error) {
    return asErrorReply(error);
  }
}

/** Queued without a pause on one connection, so nothing of this client comes in between; MULTI does the rest. */
export async function sendAtomically(
  client: RedisClient,
  commands: readonly Command[],
): Promise<readonly Reply[]> {
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
