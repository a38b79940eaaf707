/** What is special to the engine that is a real Redis: its process comes and goes with us, and nobody else gets in. */
import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Redis as RedisClient } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "@/lib/clock";
import { startUpstash } from "@/lib/local/upstash/start-upstash";
import { silentLog } from "@/lib/log";
import { systemRandom } from "@/lib/random";
import { findBackends } from "@/tests/support/backends";

const { redisServer } = await findBackends();

describe.skipIf(redisServer === undefined)("a real redis-server", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "rekindle-redis-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const start = (engine: "auto" | "redis-server") =>
    startUpstash({ clock: systemClock, random: systemRandom, log: silentLog, folder, engine });

  test("is what auto takes where it is on PATH, and says its version", async () => {
    const upstash = await start("auto");
    expect(upstash).toMatchObject({ engine: "redis-server", version: expect.stringMatching(/^\d+\.\d+/) });
    await upstash.stop();
  });

  test("listens on loopback and lets in nobody without its password", async () => {
    const upstash = await start("redis-server");
    const configuration = await readFile(join(folder, "redis.conf"), "utf8");
    const port = Number(/^port (\d+)$/m.exec(configuration)?.[1]);
    expect(configuration).toMatch(/^bind 127\.0\.0\.1$/m);
    const stranger = new RedisClient({ host: "127.0.0.1", port, protocol: 2, enableReadyCheck: false });
    await expect(stranger.get("k")).rejects.toThrow(/^NOAUTH/);
    stranger.disconnect();
    await upstash.stop();
  });

  test("is gone after stop, and leaves no data in its folder", async () => {
    const upstash = await start("redis-server");
    const pid = await findPid(folder);
    expect(isRunning(pid)).toBe(true);
    await upstash.stop();
    await expect.poll(() => isRunning(pid)).toBe(false);
    expect((await readdir(folder)).sort()).toEqual(["redis.conf", "redis.log"]);
  });

  test("is gone when the process that started it is killed without warning", async () => {
    const owner = spawn(
      process.execPath,
      ["--import", "tsx", join(import.meta.dirname, "own-a-redis.ts"), folder],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [line] = await firstLine(owner.stdout);
    expect(line).toBe("ready");
    const pid = await findPid(folder);
    expect(isRunning(pid)).toBe(true);
    owner.kill("SIGKILL");
    await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
  });

  test("that does not come up is an error that names its log", async () => {
    await rm(folder, { recursive: true });
    await expect(
      startUpstash({
        clock: systemClock,
        random: systemRandom,
        log: silentLog,
        folder: "/dev/null/no-folder",
        engine: "redis-server",
      }),
    ).rejects.toThrow();
  });
});

/** The server writes its pid into the first lines of its log. */
async function findPid(folder: string): Promise<number> {
  const log = await readFile(join(folder, "redis.log"), "utf8");
  const pid = Number(/^(\d+):/m.exec(log)?.[1]);
  if (!Number.isInteger(pid)) throw new Error("no pid in the log");
  return pid;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // ESRCH is the answer that is asked for here.
    return false;
  }
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string[]> {
  for await (const line of createInterface({ input: stream })) return [line];
  return [];
}
