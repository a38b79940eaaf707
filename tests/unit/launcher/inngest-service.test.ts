/**
 * The launch's Inngest: a Dev Server is started, told where the app is, and ended; and what does not come up is replaced by
 * the embedded engine. With a stand-in for the CLI that really listens: how it is started is shown here, not what the
 * real server does.
 */
import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import getPort from "get-port";
import { Inngest } from "inngest";
import { serve } from "inngest/node";
import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { type Clock, systemClock } from "@/lib/clock";
import { startDevServer } from "@/lib/local/launcher/dev-server";
import { type InngestService, startInngestService } from "@/lib/local/launcher/inngest-service";
import type { Log } from "@/lib/log";
import { systemRandom } from "@/lib/random";

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rekindle-dev-server-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The stand-in under a name that says how it goes wrong. */
async function installCli(name: string): Promise<string> {
  const path = join(await newFolder(), `${name}-inngest-cli.mjs`);
  await copyFile("tests/support/fake-inngest-cli.mjs", path);
  return path;
}

const toldSchema = z.object({
  command: z.string().optional(),
  options: z.record(z.string(), z.union([z.string(), z.boolean()])).optional(),
  inherited: z.array(z.string()).optional(),
  pid: z.number().optional(),
  child: z.number().optional(),
  registered: z.array(z.string()).optional(),
});

async function toldIn(folder: string) {
  const lines = (await readFile(join(folder, "told.jsonl"), "utf8")).trim().split("\n");
  return lines.map((line) => toldSchema.parse(JSON.parse(line)));
}

function recordingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const note = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { lines, info: () => undefined, warn: note, error: note };
}

async function startService(executable: string, folder: string, appUrl: string, log = recordingLog()) {
  const choice = { kind: "dev-server", executable, why: `found by PATH: ${executable}` } as const;
  const parts = { clock: systemClock, random: systemRandom, log };
  const service: InngestService = await startInngestService({ ...parts, choice, appUrl, folder });
  onTestFinished(() => service.stop());
  return { service, log };
}

/** An app of the real SDK whose functions register where INNGEST_DEV says. */
async function serveApp(inngestUrl: string, port: number): Promise<void> {
  vi.stubEnv("INNGEST_DEV", inngestUrl);
  onTestFinished(() => void vi.unstubAllEnvs());
  const client = new Inngest({ id: "web" });
  const functions = [client.createFunction({ id: "f", triggers: [{ event: "go" }] }, async () => null)];
  const server = createServer(serve({ client, functions }));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
}

const isAlive = (pid: number | undefined): boolean => {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    // ESRCH: gone.
    return false;
  }
};

const appUrl = "http://127.0.0.1:9/api/inngest";

test("the Dev Server is started on loopback, with ports of its own, for this app only, and the table says which", async () => {
  vi.stubEnv("INNGEST_EVENT_KEY", "the developer's");
  onTestFinished(() => void vi.unstubAllEnvs());
  const folder = await newFolder();
  const executable = await installCli("good");
  const { service } = await startService(executable, folder, appUrl);

  const [started] = await toldIn(folder);
  const { port } = new URL(service.url);
  expect(started).toMatchObject({
    command: "dev",
    options: {
      "--host": "127.0.0.1",
      "--port": port,
      "--connect-gateway-port": expect.stringMatching(/^\d+$/),
      "--sdk-url": appUrl,
      "--no-discovery": true,
      "--no-poll": true,
    },
    inherited: [],
  });
  expect(started?.options?.["--connect-gateway-port"]).not.toBe(port);
  expect(service.why).toBe(
    `Dev Server 0.0.0-fake; found by PATH: ${executable}; forgets everything when it stops`,
  );
  expect((await fetch(`${service.url}/health`)).status).toBe(200);
});

test.each(["good", "stubborn"])("a %s Dev Server is ended, with what it has started", async (name) => {
  const folder = await newFolder();
  const { service } = await startService(await installCli(name), folder, appUrl);
  const pids = (await toldIn(folder)).flatMap(({ pid, child }) => pid ?? child ?? []);
  expect(pids.map(isAlive)).toEqual([true, true]);

  await service.stop();

  await expect.poll(() => pids.map(isAlive)).toEqual([false, false]);
});

test("a Dev Server that ends at once is told with its last words, and the embedded engine takes its place", async () => {
  const { service, log } = await startService(await installCli("failing"), await newFolder(), appUrl);

  expect(service.why).toContain(
    "did not come up (it ended with code 3; its last words: cannot bind the queue)",
  );
  expect(service.why).toContain("embedded engine");
  expect(log.lines).toEqual([expect.stringContaining("The Inngest Dev Server did not come up")]);
  expect((await fetch(`${service.url}/health`)).status).toBe(200);
});

test("a program that cannot be run at all is replaced as well", async () => {
  const { service } = await startService("/nowhere/inngest-cli", await newFolder(), appUrl);

  expect(service.why).toMatch(/did not come up .*embedded engine/);
});

test("a Dev Server that never answers is given up and ended", async () => {
  const folder = await newFolder();
  // Time stands still until it has started what it starts: how fast this machine is must not matter.
  const lineCount = () =>
    existsSync(join(folder, "told.jsonl"))
      ? readFileSync(join(folder, "told.jsonl"), "utf8").split("\n").length - 1
      : 0;
  const clock: Clock = { now: () => (lineCount() === 2 ? 60_000 : 0), after: systemClock.after };
  const start = await startDevServer({ executable: await installCli("silent"), appUrl, folder, clock });

  expect(start).toEqual({ kind: "down", reason: "it did not answer within 15 s" });
  const pids = (await toldIn(folder)).flatMap(({ pid, child }) => pid ?? child ?? []);
  expect(pids).toHaveLength(2);
  await expect.poll(() => pids.map(isAlive)).toEqual([false, false]);
});

test("§3.2 the app registers its functions with the Dev Server as soon as it is there", async () => {
  const folder = await newFolder();
  const port = await getPort();
  const { service } = await startService(
    await installCli("good"),
    folder,
    `http://127.0.0.1:${port}/api/inngest`,
  );
  const registered = service.registered(new AbortController().signal);
  await serveApp(service.url, port);

  expect(await registered).toBe(true);
  expect((await toldIn(folder)).flatMap((told) => told.registered ?? [])).toEqual(["web-f"]);
});

test("an app that is not there is told once, and the launch ends without it when it is given up", async () => {
  const { service, log } = await startService(await installCli("good"), await newFolder(), appUrl);
  const ending = new AbortController();
  const registered = service.registered(ending.signal);
  await expect.poll(() => log.lines).toEqual([expect.stringContaining("could not register its functions")]);
  ending.abort();

  expect(await registered).toBe(false);
});

test("a Dev Server that dies in the middle is told, because nothing durable happens from then on", async () => {
  const folder = await newFolder();
  const { log } = await startService(await installCli("good"), folder, appUrl);
  const [started] = await toldIn(folder);
  process.kill(started?.pid ?? 0, "SIGKILL");

  await expect.poll(() => log.lines).toEqual([expect.stringContaining("The Inngest Dev Server ended")]);
});
