/**
 * Measures the local E2B stand-in with many sandboxes at once, each with a server: how long the SDK's control calls
 * take, and what the machine pays. Prints medians and maxima; judges nothing. `-- mapped-ports` measures the other way
 * of keeping sandboxes apart.
 *
 *   node --import tsx tests/bench/local-e2b.ts [namespaces|mapped-ports]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as realSleep } from "node:timers/promises";
import Table from "cli-table3";
import { Sandbox } from "e2b";
import { systemClock } from "@/lib/clock";
import type { Isolation } from "@/lib/local/e2b/containers/choose-containers";
import { type LocalE2b, startE2b } from "@/lib/local/e2b/start-e2b";
import { silentLog } from "@/lib/log";
import { systemRandom } from "@/lib/random";

const SANDBOXES = 50;
const SERVER = `exec node -e 'require("node:http").createServer((_, to) => to.end("here")).listen(3000)'`;

const durationsMs = new Map<string, number[]>();

async function timed<T>(call: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await work();
  durationsMs.set(call, [...(durationsMs.get(call) ?? []), performance.now() - startedAt]);
  return result;
}

async function untilAnswered(local: LocalE2b, host: string): Promise<void> {
  while ((await statusOf(local, host)) !== 200) await realSleep(50);
}

function statusOf(local: LocalE2b, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = get(
      { host: "127.0.0.1", port: local.previewPort, headers: { host }, agent: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    );
    request.once("error", reject);
  });
}

async function measure(local: LocalE2b): Promise<void> {
  const sdk = { apiKey: local.apiKey, apiUrl: local.apiUrl, sandboxUrl: local.sandboxUrl };
  const sandboxes: Sandbox[] = [];
  for (let count = 0; count < SANDBOXES; count += 1) {
    sandboxes.push(await timed("create", () => Sandbox.create(sdk)));
  }
  const startedAt = performance.now();
  for (const sandbox of sandboxes) {
    const start = () => sandbox.commands.run(SERVER, { background: true, timeoutMs: 0 });
    await (await timed("first command", start)).disconnect();
  }
  await Promise.all(sandboxes.map((sandbox) => untilAnswered(local, sandbox.getHost(3000))));
  const allUpMs = performance.now() - startedAt;
  for (const sandbox of sandboxes) {
    const { sandboxId } = sandbox;
    await timed("preview request", () => statusOf(local, sandbox.getHost(3000)));
    await timed("get", () => sandbox.getInfo());
    await timed("timeout", () => sandbox.setTimeout(600_000));
    await timed("list", () => Sandbox.list(sdk).nextItems());
    await timed("command", () => sandbox.commands.run("true"));
    await timed("pause", () => sandbox.pause());
    await timed("connect", () => Sandbox.connect(sandboxId, sdk));
  }
  for (const sandbox of sandboxes) await timed("kill", () => sandbox.kill());
  print(allUpMs);
}

function print(allUpMs: number): void {
  const table = new Table({ head: ["call", "median ms", "maximum ms"], style: { head: [], border: [] } });
  for (const [call, durations] of durationsMs) {
    const sorted = durations.toSorted((a, b) => a - b);
    table.push([call, (sorted[sorted.length >> 1] ?? 0).toFixed(1), (sorted.at(-1) ?? 0).toFixed(1)]);
  }
  process.stdout.write(`${table.toString()}\n${SANDBOXES} servers answered after ${allUpMs.toFixed(0)} ms\n`);
}

const isolation: Isolation = process.argv[2] === "mapped-ports" ? "mapped-ports" : "auto";
const rootFolder = await mkdtemp(join(tmpdir(), "rekindle-bench-"));
const local = await startE2b({
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
  rootFolder,
  isolation,
  plan: { maxConcurrent: SANDBOXES },
});
try {
  await measure(local);
} finally {
  await local.stop();
  await rm(rootFolder, { recursive: true, force: true });
}
process.stdout.write(`${local.countProcesses()} processes left\n`);
