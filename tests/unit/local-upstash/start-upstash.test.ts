/** Which engine is taken when, and that stopping leaves nothing. */
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { systemClock } from "@/lib/clock";
import { startUpstash, type UpstashStartOptions } from "@/lib/local/upstash/start-upstash";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { silentLog } from "@/lib/log";
import { seededRandom, systemRandom } from "@/lib/random";

const inMemory: UpstashStartOptions = {
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
  folder: tmpdir(),
  engine: "memory",
};

test("an injected clock is refused for a real server, with the reason", async () => {
  const start = startUpstash({ ...inMemory, clock: new VirtualClock(), engine: "redis-server" });
  await expect(start).rejects.toThrow(/clock of its own/);
});

test("an injected clock makes auto take the in-process engine", async () => {
  const upstash = await startUpstash({ ...inMemory, clock: new VirtualClock(), engine: "auto" });
  expect(upstash.engine).toBe("in-process");
  expect(upstash).not.toHaveProperty("version");
  await upstash.stop();
});

test("every start has a token of its own", async () => {
  const first = await startUpstash(inMemory);
  const second = await startUpstash(inMemory);
  expect(first.token).toMatch(/^[0-9a-f]{64}$/);
  expect(second.token).not.toBe(first.token);
  await Promise.all([first.stop(), second.stop()]);
});

test("the same seed gives the same token, for simulations", async () => {
  const start = () => startUpstash({ ...inMemory, random: seededRandom(7) });
  const [first, second] = await Promise.all([start(), start()]);
  expect(second.token).toBe(first.token);
  await Promise.all([first.stop(), second.stop()]);
});

test("stopping twice is harmless and frees the port for the next start", async () => {
  const first = await startUpstash(inMemory);
  const port = Number(new URL(first.url).port);
  await Promise.all([first.stop(), first.stop()]);
  const second = await startUpstash({ ...inMemory, port });
  expect(second.url).toBe(first.url);
  await second.stop();
});

test("a taken port is an error", async () => {
  const first = await startUpstash(inMemory);
  const port = Number(new URL(first.url).port);
  await expect(startUpstash({ ...inMemory, port })).rejects.toThrow(/EADDRINUSE/);
  await first.stop();
});

test("two databases share nothing", async () => {
  const [first, second] = await Promise.all([startUpstash(inMemory), startUpstash(inMemory)]);
  const ask = async ({ url, token }: { url: string; token: string }, command: string[]) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(command) });
    return response.json();
  };
  await ask(first, ["SET", "k", "v"]);
  expect(await ask(second, ["GET", "k"])).toEqual({ result: null });
  await Promise.all([first.stop(), second.stop()]);
});
