/** Pauses and resumes without memory, and faults of the world, through the real SDK: e2b.md §1.3, §2.3 and §2.4. */
import { Sandbox, SandboxNotFoundError } from "e2b";
import { expect, test } from "vitest";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { PATIENT, processesIn, standIn, startInBackground } from "./stand-in";

/** A sandbox with a file and a running process. */
async function atWork(sdk: Awaited<ReturnType<typeof standIn>>["sdk"]): Promise<Sandbox> {
  const sandbox = await Sandbox.create({ ...sdk, envs: { GREETING: "hello" } });
  await sandbox.files.write("kept.txt", "kept");
  await startInBackground(sandbox, "sleep 1000");
  return sandbox;
}

async function greeting(sandbox: Sandbox): Promise<string> {
  return (await sandbox.commands.run("echo [$GREETING]")).stdout.trim();
}

test("§2.4 pause with keepMemory false keeps the files, and no process and no envs", async () => {
  const { sdk } = await standIn();
  const sandbox = await atWork(sdk);
  expect(await greeting(sandbox)).toBe("[hello]");
  expect(await sandbox.pause({ keepMemory: false })).toBe(true);
  expect(processesIn(sandbox.sandboxId)).toEqual([]);
  expect((await sandbox.getInfo()).state).toBe("paused");
  expect(await sandbox.pause({ keepMemory: false })).toBe(false);
  await sandbox.connect();
  expect(await sandbox.files.read("kept.txt")).toBe("kept");
  expect(await sandbox.commands.list()).toEqual([]);
  expect(await greeting(sandbox)).toBe("[]");
});

test("§2.3 connect with onResume reboot ignores the memory that was kept", async () => {
  const { sdk } = await standIn();
  const sandbox = await atWork(sdk);
  await sandbox.pause();
  await sandbox.connect({ onResume: "reboot" });
  expect(await sandbox.files.read("kept.txt")).toBe("kept");
  expect(await sandbox.commands.list()).toEqual([]);
  expect(processesIn(sandbox.sandboxId)).toEqual([]);
});

test("§1.2 onTimeout pause with keepMemory false pauses without memory at the end of the run", async () => {
  const clock = new VirtualClock();
  const { sdk } = await standIn({ clock });
  const lifecycle = { onTimeout: { action: "pause", keepMemory: false } } as const;
  const sandbox = await Sandbox.create({ ...sdk, timeoutMs: 60_000, lifecycle });
  await startInBackground(sandbox, "sleep 1000");
  await clock.advance(60_000);
  await expect.poll(async () => (await sandbox.getInfo()).state, PATIENT).toBe("paused");
  await expect.poll(() => processesIn(sandbox.sandboxId), PATIENT).toEqual([]);
  expect((await sandbox.getInfo()).lifecycle).toEqual({ onTimeout: "pause", autoResume: false });
});

test("a sandbox that lost its memory resumes without its processes, and the SDK sees no difference before", async () => {
  const { local, sdk } = await standIn();
  const sandbox = await atWork(sdk);
  await sandbox.pause();
  await local.cloud.loseMemory(sandbox.sandboxId);
  expect((await sandbox.getInfo()).state).toBe("paused");
  await sandbox.connect();
  expect(await sandbox.commands.list()).toEqual([]);
  expect(await sandbox.files.read("kept.txt")).toBe("kept");
});

test("files are lost where they are named, and nowhere else", async () => {
  const { local, sdk } = await standIn();
  const [sandbox, witness] = await Promise.all([Sandbox.create(sdk), Sandbox.create(sdk)]);
  for (const each of [sandbox, witness]) {
    await each.files.write("app/page.txt", "page");
    await each.files.write("kept.txt", "kept");
  }
  await local.cloud.loseFiles(sandbox.sandboxId, ["/home/user/app", "gone-already.txt"]);
  expect(await sandbox.files.exists("app")).toBe(false);
  expect(await sandbox.files.read("kept.txt")).toBe("kept");
  expect(await witness.files.read("app/page.txt")).toBe("page");
  await local.cloud.loseFiles(sandbox.sandboxId, ["/"]);
  expect(await sandbox.files.list("/home/user")).toEqual([]);
  await startInBackground(sandbox, "sleep 1000");
  await sandbox.files.write("new.txt", "new");
  await local.cloud.loseFiles(sandbox.sandboxId, ["/home"]);
  expect((await sandbox.commands.run("ls -A ~ && echo still at home")).stdout).toBe("still at home\n");
  expect(await witness.files.read("kept.txt")).toBe("kept");
});

test("connect may answer with another id, which SDK 2.51 does not pass on: only a list by metadata finds it", async () => {
  const { local, sdk } = await standIn();
  const metadata = { app: "demo" };
  const sandbox = await Sandbox.create({ ...sdk, metadata });
  await sandbox.files.write("kept.txt", "kept");
  await sandbox.pause();
  local.cloud.answerNextConnectWithAnotherId(sandbox.sandboxId);
  const resumed = await Sandbox.connect(sandbox.sandboxId, sdk);
  expect(resumed.sandboxId).toBe(sandbox.sandboxId);
  await expect(resumed.getInfo()).rejects.toBeInstanceOf(SandboxNotFoundError);
  expect(await resumed.isRunning()).toBe(false);
  const [found, ...others] = await Sandbox.list({ ...sdk, query: { metadata } }).nextItems();
  expect(others).toEqual([]);
  expect(found?.sandboxId).not.toBe(sandbox.sandboxId);
  const moved = await Sandbox.connect(found?.sandboxId ?? "", sdk);
  expect(await moved.files.read("kept.txt")).toBe("kept");
});
