/**
 * Owns a redis-server that runs before the local Upstash does, as a developer's or a CI's own: with its usual databases,
 * its default user with a password, and nothing on disk. For tests of `REDIS_URL`.
 */
import { spawn } from "node:child_process";
import getPort from "get-port";
import { Redis as RedisClient } from "ioredis";

export interface RunningRedis {
  readonly port: number;
  url(database: number | undefined): string;
  /** A connection of somebody else's. */
  connect(database: number): RedisClient;
  stop(): Promise<void>;
}

export const password = "CANARY-password";

export async function startRunningRedis(): Promise<RunningRedis> {
  const port = await getPort({ host: "127.0.0.1" });
  const flags = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", password];
  const child = spawn("redis-server", flags, { stdio: "ignore" });
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
  });
  const clients: RedisClient[] = [];
  const connect = (db: number) => {
    const client = new RedisClient({ host: "127.0.0.1", port, password, db, protocol: 2 });
    // Until it listens, every attempt is refused; commands wait for the one that is not.
    client.on("error", () => undefined);
    clients.push(client);
    return client;
  };
  await connect(0).ping();
  return {
    port,
    url: (database) =>
      `redis://:${password}@127.0.0.1:${port}${database === undefined ? "" : `/${database}`}`,
    connect,
    async stop() {
      for (const client of clients) client.disconnect();
      child.kill();
      await exited;
    },
  };
}
