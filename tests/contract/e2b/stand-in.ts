/**
 * Owns a stand-in for one test: its own folder, its own ports, and the real SDK's options for it. It must never
 * outlive its test: `stop` is registered before anything else happens.
 */

import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandHandle, Sandbox } from "e2b";
import { onTestFinished } from "vitest";
import { type Clock, systemClock } from "@/lib/clock";
import {
  markedProcesses,
  ownPidOf,
  type ProcessRow,
  readProcessTable,
} from "@/lib/local/e2b/containers/process-table";
import { INSTANCE_NAME, MARK_NAME } from "@/lib/local/e2b/machine/sandbox-environment";
import { type LocalE2b, type StartE2bOptions, startE2b } from "@/lib/local/e2b/start-e2b";
import { silentLog } from "@/lib/log";
import { systemRandom } from "@/lib/random";
import { rawRequest } from "../../support/raw-request";

export interface StandIn {
  readonly local: LocalE2b;
  readonly rootFolder: string;
  /** For every call of the SDK's statics. */
  readonly sdk: { apiKey: string; apiUrl: string; sandboxUrl: string };
}

export async function standIn(
  overrides: Partial<StartE2bOptions> & { clock?: Clock } = {},
): Promise<StandIn> {
  const rootFolder = overrides.rootFolder ?? (await mkdtemp(join(tmpdir(), "rekindle-e2b-")));
  onTestFinished(() => rm(rootFolder, { recursive: true, force: true }));
  const local = await startE2b({
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    ...overrides,
    rootFolder,
  });
  onTestFinished(() => local.stop());
  const { apiKey, apiUrl, sandboxUrl } = local;
  return { local, rootFolder, sdk: { apiKey, apiUrl, sandboxUrl } };
}

/** A call of the control port that the SDK does not have, with the key and as JSON. */
export async function callWithKey({ local }: StandIn, method: string, path: string, body?: unknown) {
  const headers = { "x-api-key": local.apiKey, "content-type": "application/json" };
  const request = { method, path, headers, body: body === undefined ? "" : JSON.stringify(body) };
  const { status, text } = await rawRequest(controlPortOf(local), request);
  return { status, body: text === "" ? undefined : JSON.parse(text) };
}

export function controlPortOf(local: LocalE2b): number {
  return Number(new URL(local.apiUrl).port);
}

/** A background command without a lifetime, its stream closed at once: how a dev server is started. */
export async function startInBackground(sandbox: Sandbox, command: string): Promise<number> {
  const handle: CommandHandle = await sandbox.commands.run(command, { background: true, timeoutMs: 0 });
  await handle.disconnect();
  return handle.pid;
}

/** For what real processes do: at once when the machine is idle, later when it is busy. */
export const PATIENT = { timeout: 30_000 };

export interface PreviewAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

/** As a browser would ask for `http://<host>/`, which Node cannot resolve. */
export async function askPreview(
  local: LocalE2b,
  host: string,
  headers: Record<string, string> = {},
): Promise<PreviewAnswer> {
  const answer = await rawRequest(local.previewPort, { headers: { ...headers, host } });
  return { status: answer.status, body: answer.text, headers: answer.headers };
}

/** A server that counts while it runs: its pid, its memory, and how far it has counted. */
export const COUNTING_SERVER = `
let counted = 0;
setInterval(() => { counted += 1; }, 10);
const nonce = Math.random();
require("node:http").createServer((request, response) => {
  response.end(JSON.stringify({ pid: process.pid, nonce, counted }));
}).listen(3000);
`;

/** All living processes that belong to a sandbox, without those that only serve it. */
export function processesIn(sandboxId: string): ProcessRow[] {
  return markedProcesses(`${MARK_NAME}=${sandboxId}`).filter(({ pid }) => !servesASandbox(pid));
}

function servesASandbox(pid: number): boolean {
  // What leads into namespaces stands outside for as long as its program runs.
  if (textOf(`/proc/${pid}/comm`) === "nsenter\n") return true;
  const environment = textOf(`/proc/${pid}/environ`);
  return environment.includes(`${INSTANCE_NAME}=`) && !environment.includes(`${MARK_NAME}=`);
}

/** What a process of this machine is called in its sandbox; undefined when it has ended. */
export function pidInside(pid: number): number | undefined {
  return process.platform === "linux" ? ownPidOf(pid) : pid;
}

/** Empty when it has ended meanwhile. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

/** Without the dead that nobody has reaped yet, which a signal 0 would still find. */
export function livingPids(): number[] {
  return readProcessTable("").flatMap((row) => (row.isDead ? [] : [row.pid]));
}
