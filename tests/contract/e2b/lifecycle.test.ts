/** The real SDK's lifecycle calls against the stand-in, by rows of e2b.md §1.2-1.4, §2 and §3.3. */
import { RateLimitError, Sandbox, SandboxNotFoundError } from "e2b";
import { expect, test } from "vitest";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { askPreview, COUNTING_SERVER, PATIENT, processesIn, standIn, startInBackground } from "./stand-in";

test("§1.2 create gives a running sandbox with its metadata, end and preview domain", async () => {
  const { local, sdk } = await standIn({ clock: new VirtualClock() });
  const sandbox = await Sandbox.create("my-template", {
    ...sdk,
    timeoutMs: 600_000,
    metadata: { app: "demo", user: "u 1" },
    lifecycle: { onTimeout: "pause", autoResume: false },
  });
  const info = await sandbox.getInfo();
  expect(info).toMatchObject({
    sandboxId: sandbox.sandboxId,
    templateId: "my-template",
    metadata: { app: "demo", user: "u 1" },
    state: "running",
    lifecycle: { onTimeout: "pause", autoResume: false },
    envdVersion: "0.6.13",
  });
  expect(info.endAt.getTime() - info.startedAt.getTime()).toBe(600_000);
  expect(sandbox.getHost(3000)).toBe(`3000-${sandbox.sandboxId}.${local.domain}`);
});

test("§2.4 a paused sandbox stands still, and goes on with the same process and memory", async () => {
  const { local, sdk } = await standIn();
  const [sandbox, witness] = await Promise.all([Sandbox.create(sdk), Sandbox.create(sdk)]);
  for (const each of [sandbox, witness]) {
    await each.files.write("server.cjs", COUNTING_SERVER);
    await startInBackground(each, "node server.cjs");
  }
  const ask = async (each: Sandbox) => JSON.parse((await askPreview(local, each.getHost(3000))).body);
  const countUp = (each: Sandbox, least: number) =>
    expect.poll(async () => (await ask(each)).counted, PATIENT).toBeGreaterThan(least);
  await Promise.all([countUp(sandbox, 0), countUp(witness, 0)]);

  const before = await ask(sandbox);
  expect(await sandbox.pause()).toBe(true);
  expect(processesIn(sandbox.sandboxId).every((process) => process.standsStill)).toBe(true);
  await countUp(witness, (await ask(witness)).counted + 100);
  await Sandbox.connect(sandbox.sandboxId, sdk);

  const after = await ask(sandbox);
  expect(after).toMatchObject({ pid: before.pid, nonce: before.nonce });
  expect(after.counted).toBeLessThan(before.counted + 100);
  await countUp(sandbox, after.counted);
});

test("§1.4 what is not there: pause and getInfo throw SandboxNotFoundError, connect too, kill is false", async () => {
  const { sdk } = await standIn();
  await expect(Sandbox.pause("imissing", sdk)).rejects.toBeInstanceOf(SandboxNotFoundError);
  await expect(Sandbox.getInfo("imissing", sdk)).rejects.toBeInstanceOf(SandboxNotFoundError);
  await expect(Sandbox.connect("imissing", sdk)).rejects.toThrow("Paused sandbox imissing not found");
  expect(await Sandbox.kill("imissing", sdk)).toBe(false);
});

test("§2.2 setTimeout past the plan's cap resolves, and only getInfo shows the clamp", async () => {
  const clock = new VirtualClock();
  const { sdk } = await standIn({ clock });
  const sandbox = await Sandbox.create({ ...sdk, timeoutMs: 3_600_000 });
  await clock.advance(1_800_000);
  await sandbox.setTimeout(3_600_000);
  const { startedAt, endAt } = await sandbox.getInfo();
  expect(endAt.getTime() - startedAt.getTime()).toBe(3_600_000);
});

test("§2.3 connect to a paused sandbox starts a new run of its own length", async () => {
  const clock = new VirtualClock();
  const { sdk } = await standIn({ clock });
  const { sandboxId } = await Sandbox.create({ ...sdk, timeoutMs: 3_000_000 });
  await clock.advance(1000);
  await Sandbox.pause(sandboxId, sdk);
  await clock.advance(86_400_000);
  await Sandbox.connect(sandboxId, { ...sdk, timeoutMs: 120_000 });
  const { startedAt, endAt } = await Sandbox.getInfo(sandboxId, sdk);
  expect([startedAt.getTime(), endAt.getTime()]).toEqual([clock.now(), clock.now() + 120_000]);
});

test("§2.1 an expired sandbox is paused with onTimeout pause, and goes on after connect", async () => {
  const clock = new VirtualClock();
  const { sdk } = await standIn({ clock });
  const sandbox = await Sandbox.create({ ...sdk, timeoutMs: 60_000, lifecycle: { onTimeout: "pause" } });
  const pid = await startInBackground(sandbox, "sleep 1000");
  await clock.advance(60_000);
  await expect.poll(async () => (await sandbox.getInfo()).state, PATIENT).toBe("paused");
  await expect.poll(() => processesIn(sandbox.sandboxId).every((row) => row.standsStill), PATIENT).toBe(true);
  await Sandbox.connect(sandbox.sandboxId, sdk);
  expect((await sandbox.commands.list()).map((command) => command.pid)).toEqual([pid]);
});

test("§2.1 an expired sandbox is killed by default, processes and folder with it", async () => {
  const clock = new VirtualClock();
  const { local, sdk } = await standIn({ clock });
  const sandbox = await Sandbox.create({ ...sdk, timeoutMs: 60_000 });
  await startInBackground(sandbox, "sleep 1000");
  await clock.advance(60_000);
  await expect.poll(() => processesIn(sandbox.sandboxId), PATIENT).toEqual([]);
  await expect.poll(() => local.cloud.list(), PATIENT).toEqual([]);
  expect(await sandbox.isRunning()).toBe(false);
});

test("§2.7 the concurrency limit is a RateLimitError after one request", async () => {
  const { local, sdk } = await standIn({ plan: { maxConcurrent: 1 } });
  await Sandbox.create(sdk);
  await expect(Sandbox.create(sdk)).rejects.toBeInstanceOf(RateLimitError);
  expect(local.calls()).toEqual({ create: 2 });
});

test("calls are counted by kind, and what happens behind the client's back is not", async () => {
  const { local, sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.getInfo();
  await sandbox.setTimeout(60_000);
  await sandbox.pause();
  await Sandbox.connect(sandbox.sandboxId, sdk);
  await Sandbox.list(sdk).nextItems();
  expect(await local.cloud.killBehindTheBack(sandbox.sandboxId)).toBe(true);
  expect(await local.cloud.killBehindTheBack(sandbox.sandboxId)).toBe(false);
  expect(await sandbox.kill()).toBe(false);
  expect(local.calls()).toEqual({ create: 1, get: 1, timeout: 1, pause: 1, connect: 1, list: 1, kill: 1 });
});

test("§2.3 create and connect refuse a timeout above the plan with 400", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const tooLong = { ...sdk, timeoutMs: 3_601_000 };
  for (const attempt of [Sandbox.create(tooLong), Sandbox.connect(sandbox.sandboxId, tooLong)]) {
    await expect(attempt).rejects.toMatchObject({
      statusCode: 400,
      message: "400: Timeout cannot be greater than 1 hours",
    });
  }
});
