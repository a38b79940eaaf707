/** The real SDK's lifecycle calls against the stand-in, by rows of e2b.md §1.2-1.4, §2 and §3.3. */
import { Sandbox, SandboxNotFoundError } from "e2b";
import { expect, test } from "vitest";
import { e2bUnderTest } from "../e2b-under-test";
import { PATIENT } from "../stand-in";

test("§1.3 pause of a paused sandbox is false and changes nothing; betaPause is the same call", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  expect(await sandbox.pause()).toBe(true);
  const { endAt } = await sandbox.getInfo();
  expect(await sandbox.pause()).toBe(false);
  expect(await sandbox.betaPause()).toBe(false);
  expect((await sandbox.getInfo()).endAt).toEqual(endAt);
});

test("§1.4 a paused sandbox: setTimeout is not found, isRunning false, commands and files fail", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  await sandbox.pause();
  await expect(sandbox.setTimeout(60_000)).rejects.toBeInstanceOf(SandboxNotFoundError);
  expect(await sandbox.isRunning()).toBe(false);
  await expect(sandbox.commands.run("true")).rejects.toThrow("Sandbox is probably not running anymore");
  await expect(sandbox.files.write("x", "y")).rejects.toThrow("The sandbox was not found");
  expect((await sandbox.getInfo()).state).toBe("paused");
});

test("§3.3 list finds by metadata with signs and spaces, running and paused, page by page", async () => {
  const { sdk, create } = await e2bUnderTest();
  const metadata = { app: "de=mo", "user id": "u 1&x+%" };
  const mine = await Promise.all([1, 2, 3].map(() => create({ metadata })));
  await create({ metadata: { app: "other" } });
  await mine[0]?.pause();
  const pages = Sandbox.list({ ...sdk, query: { metadata }, limit: 2 });
  const found = [...(await pages.nextItems()), ...(await pages.nextItems())];
  expect(pages.hasNext).toBe(false);
  expect(found.map(({ sandboxId }) => sandboxId).sort()).toEqual(mine.map((each) => each.sandboxId).sort());
  const paused = Sandbox.list({ ...sdk, query: { metadata, state: ["paused"] } });
  expect((await paused.nextItems()).map(({ sandboxId }) => sandboxId)).toEqual([mine[0]?.sandboxId]);
});

test("§2.4 memory and processes survive a pause, and go on after connect", async () => {
  const { sdk, create } = await e2bUnderTest();
  const sandbox = await create();
  const remembering = `secret=$RANDOM$RANDOM; trap 'echo $secret >> told' USR1; touch ready; while :; do sleep 0.1; done`;
  const handle = await sandbox.commands.run(remembering, { background: true, timeoutMs: 0 });
  await handle.disconnect();
  await expect.poll(() => sandbox.files.exists("ready"), PATIENT).toBe(true);
  const tell = async (times: number) => {
    await sandbox.commands.run(`kill -USR1 ${handle.pid}`);
    const told = async () => (await sandbox.files.read("told").catch(() => "")).trim().split("\n");
    await expect.poll(async () => (await told()).filter(Boolean).length, PATIENT).toBe(times);
    return new Set(await told());
  };
  const before = await tell(1);
  await sandbox.pause();
  await Sandbox.connect(sandbox.sandboxId, sdk);
  expect(await tell(2)).toEqual(before);
});

test("§2.4 a pause without memory keeps the files and no process", async () => {
  const { sdk, create } = await e2bUnderTest();
  const sandbox = await create();
  await sandbox.files.write("kept.txt", "kept");
  const handle = await sandbox.commands.run("sleep 1000", { background: true, timeoutMs: 0 });
  await handle.disconnect();
  await sandbox.pause({ keepMemory: false });
  const again = await Sandbox.connect(sandbox.sandboxId, sdk);
  expect(await again.files.read("kept.txt")).toBe("kept");
  expect((await again.commands.list()).map(({ pid }) => pid)).not.toContain(handle.pid);
});

test("§2.2 setTimeout moves the end both ways, §2.3 connect of a running sandbox only later", async () => {
  const { sdk, create } = await e2bUnderTest();
  const sandbox = await create({ timeoutMs: 60_000 });
  const end = async () => (await sandbox.getInfo()).endAt.getTime();
  const first = await end();
  await sandbox.setTimeout(100_000);
  const later = await end();
  expect(later).toBeGreaterThan(first);
  await Sandbox.connect(sandbox.sandboxId, { ...sdk, timeoutMs: 10_000 });
  expect(await end()).toBe(later);
  await sandbox.setTimeout(30_000);
  expect(await end()).toBeLessThan(first);
});

test("§2.3 connect of a paused sandbox starts a new run with the asked timeout; §2.5 paused, its end is its pause", async () => {
  const { sdk, create } = await e2bUnderTest();
  const sandbox = await create();
  const first = await sandbox.getInfo();
  await sandbox.pause();
  const paused = await sandbox.getInfo();
  expect(paused).toMatchObject({ state: "paused", startedAt: first.startedAt });
  expect(paused.endAt.getTime()).toBeLessThan(first.endAt.getTime());
  await Sandbox.connect(sandbox.sandboxId, { ...sdk, timeoutMs: 40_000 });
  const second = await sandbox.getInfo();
  expect(second.startedAt.getTime()).toBeGreaterThan(first.startedAt.getTime());
  expect(second.endAt.getTime() - second.startedAt.getTime()).toBe(40_000);
});

test("§1.3 kill is true, then false, and what was killed is not found", async () => {
  const { sdk, create } = await e2bUnderTest();
  const { sandboxId } = await create();
  expect(await Sandbox.kill(sandboxId, sdk)).toBe(true);
  expect(await Sandbox.kill(sandboxId, sdk)).toBe(false);
  await expect(Sandbox.getInfo(sandboxId, sdk)).rejects.toBeInstanceOf(SandboxNotFoundError);
});
