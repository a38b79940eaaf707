/** Nothing of a sandbox escapes a pause or a kill, and nothing survives the stand-in. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Sandbox } from "e2b";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "@/lib/clock";
import { startE2b } from "@/lib/local/e2b/start-e2b";
import { silentLog } from "@/lib/log";
import { systemRandom } from "@/lib/random";
import { findIsolations } from "@/tests/support/backends";
import { livingPids, PATIENT, pidInside, processesIn, standIn, startInBackground } from "./stand-in";

/** npm → sh → node → three more, of which two leave the session and one its environment; gives their pids. */
async function startDevServerTree(sandbox: Sandbox): Promise<number[]> {
  await sandbox.files.write([
    { path: "package.json", data: JSON.stringify({ scripts: { dev: "node parent.cjs" } }) },
    {
      path: "parent.cjs",
      data: `const { spawn } = require("node:child_process");
        spawn(process.execPath, ["child.cjs", "attached"]);
        spawn(process.execPath, ["child.cjs", "detached"], { detached: true, stdio: "ignore" }).unref();
        spawn("/usr/bin/env", ["-i", process.execPath, "child.cjs", "bare"], { detached: true, stdio: "ignore" });
        setInterval(() => {}, 1000);`,
    },
    {
      path: "child.cjs",
      data: `const fs = require("node:fs"); const file = process.argv[2] + ".pid";
        fs.writeFileSync(file + ".new", String(process.pid)); fs.renameSync(file + ".new", file);
        setInterval(() => {}, 5);`,
    },
  ]);
  await startInBackground(sandbox, "npm run dev");
  const pidOf = async (name: string) => Number(await sandbox.files.read(`${name}.pid`).catch(() => 0));
  const pids = () => Promise.all(["attached", "detached", "bare"].map(pidOf));
  await expect.poll(async () => (await pids()).every((pid) => pid > 0), PATIENT).toBe(true);
  return pids();
}

const isolations = await findIsolations();

test.each(isolations)(
  "with %s a pause stops the whole tree of a dev server, also what left its session or its environment",
  async (isolation) => {
    const { sdk } = await standIn({ isolation });
    const sandbox = await Sandbox.create(sdk);
    const children = await startDevServerTree(sandbox);
    const before = processesIn(sandbox.sandboxId);
    expect(before.map(({ pid }) => pidInside(pid))).toEqual(expect.arrayContaining(children));
    await sandbox.pause();
    const paused = processesIn(sandbox.sandboxId);
    expect(paused.map(({ pid }) => pid).sort()).toEqual(before.map(({ pid }) => pid).sort());
    expect(paused.every((row) => row.standsStill)).toBe(true);
    await Sandbox.connect(sandbox.sandboxId, sdk);
    expect(processesIn(sandbox.sandboxId).some((row) => row.standsStill)).toBe(false);
  },
);

test.each(
  isolations.flatMap((isolation) => [
    { isolation, state: "running" },
    { isolation, state: "paused" },
  ]),
)(
  "with $isolation a kill of a $state sandbox leaves no process and no folder",
  async ({ isolation, state }) => {
    const { sdk, rootFolder } = await standIn({ isolation });
    const sandbox = await Sandbox.create(sdk);
    const children = await startDevServerTree(sandbox);
    const pids = processesIn(sandbox.sandboxId).map(({ pid }) => pid);
    expect(pids.map(pidInside)).toEqual(expect.arrayContaining(children));
    if (state === "paused") await sandbox.pause();
    expect(await sandbox.kill()).toBe(true);
    expect(processesIn(sandbox.sandboxId)).toEqual([]);
    expect(livingPids().filter((pid) => pids.includes(pid))).toEqual([]);
    await expect(access(join(rootFolder, "sandboxes", sandbox.sandboxId))).rejects.toThrow("ENOENT");
  },
);

test("a sandbox's pause does not touch another sandbox", async () => {
  const { sdk } = await standIn();
  const [paused, other] = await Promise.all([Sandbox.create(sdk), Sandbox.create(sdk)]);
  for (const sandbox of [paused, other]) await startInBackground(sandbox, "sleep 1000");
  await paused.pause();
  expect(processesIn(other.sandboxId).some((row) => row.standsStill)).toBe(false);
});

test("stop kills the processes of all sandboxes, and can be repeated", async () => {
  const { local, sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await startInBackground(sandbox, "sleep 1000");
  await Promise.all([local.stop(), local.stop()]);
  expect(processesIn(sandbox.sandboxId)).toEqual([]);
});

test("a folder in use by a living stand-in is refused", async () => {
  const { rootFolder } = await standIn();
  await expect(standIn({ rootFolder })).rejects.toThrow("Another local E2B stand-in");
});

test("a port that is taken refuses the start and leaves the folder free for the next try", async () => {
  const { local } = await standIn();
  const rootFolder = await temporaryFolder();
  await expect(standIn({ rootFolder, controlPort: local.previewPort })).rejects.toThrow("EADDRINUSE");
  const { local: next } = await standIn({ rootFolder });
  expect(next.cloud.list()).toEqual([]);
});

/** A stand-in in a process of its own, with a running and a paused sandbox; prints their ids. */
const STAND_IN_OF_ITS_OWN = fileURLToPath(new URL("./stand-in-of-its-own.ts", import.meta.url));

async function standInOfItsOwn(end: "exit" | "wait", rootFolder: string) {
  const child = spawn(process.execPath, ["--import", "tsx", STAND_IN_OF_ITS_OWN, rootFolder, end], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let printed = "";
  child.stdout.on("data", (bytes) => {
    printed += String(bytes);
  });
  await expect.poll(() => printed, PATIENT).toContain("\n");
  const sandboxIds = printed.trim().split(" ");
  return { child, exited, sandboxIds };
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rekindle-e2b-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("the end of the stand-in's process kills every sandbox's processes", async () => {
  const { exited, sandboxIds } = await standInOfItsOwn("exit", await temporaryFolder());
  await exited;
  expect(sandboxIds).toHaveLength(2);
  expect(sandboxIds.flatMap(processesIn)).toEqual([]);
});

test("what a crashed stand-in left, also stopped, is killed at the next start, and nothing else", async () => {
  const rootFolder = await temporaryFolder();
  const { sdk } = await standIn();
  const bystander = await Sandbox.create(sdk);
  await startInBackground(bystander, "sleep 1000");
  const { child, exited, sandboxIds } = await standInOfItsOwn("wait", rootFolder);
  child.kill("SIGKILL");
  await exited;
  expect(sandboxIds.map((id) => processesIn(id).length > 0)).toEqual([true, true]);

  const options = { clock: systemClock, random: systemRandom, log: silentLog, rootFolder };
  const next = await startE2b(options);
  onTestFinished(() => next.stop());
  expect(sandboxIds.flatMap(processesIn)).toEqual([]);
  expect(processesIn(bystander.sandboxId)).not.toEqual([]);
});
