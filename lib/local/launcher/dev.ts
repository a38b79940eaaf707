/**
 * Owns the command `npm run dev`: starts the stand-ins that no real key replaces, then the app with their addresses,
 * prints one table, and on Ctrl-C ends all of it. Product code knows nothing of it: only addresses and keys differ.
 * Fails closed: what cannot start, or a mix that cannot work, ends the launch with the reason and leaves nothing.
 *
 * Two launches beside each other each need a folder: `REKINDLE_LOCAL_FOLDER` (default `.local`, inside the project
 * folder because Next builds there too) holds all that a launch writes. `PORT` is where the app answers: any free one
 * for 0, and the nearest free one of 3000 to 3003 when it is not set. `INNGEST_CLI` names Inngest's own program, which is
 * otherwise looked for on PATH; `none` keeps the embedded engine.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join, relative, resolve } from "node:path";
import Table from "cli-table3";
import getPort from "get-port";
import colors from "picocolors";
import { sleep, systemClock } from "@/lib/clock";
import { ConfigurationError, RekindleError } from "@/lib/errors";
import type { Log } from "@/lib/log";
import { systemRandom } from "@/lib/random";
import { type LocalE2b, startE2b } from "../e2b/start-e2b";
import { type LocalUpstash, startUpstash } from "../upstash/start-upstash";
import { findInngestCli } from "./inngest-cli";
import { type InngestService, startInngestService } from "./inngest-service";
import { writeLaunch } from "./launch-file";
import { startNext, warmUp } from "./next-app";
import { type LaunchPlan, planLaunch } from "./plan";
import { ownSamples } from "./sample-projects";
import { newWebhookSecret, registerWebhook } from "./sandbox-webhook";

/** The stand-ins' own chatter would bury the app's; what is wrong is shown, for people to read. */
const log: Log = {
  info: () => undefined,
  warn: (fields, message) => complain(colors.yellow, fields, message),
  error: (fields, message) => complain(colors.red, fields, message),
};
const LOOK_MS = 100;
const parts = { clock: systemClock, random: systemRandom, log };

interface Started {
  readonly e2b?: LocalE2b;
  readonly upstash?: LocalUpstash;
  readonly inngest: InngestService;
}

async function main(): Promise<number> {
  if (existsSync(".env.local")) process.loadEnvFile(".env.local");
  const plan = planLaunch(process.env, await findInngestCli(process.env.INNGEST_CLI));
  const folder = resolve(process.env.REKINDLE_LOCAL_FOLDER || ".local");
  await mkdir(folder, { recursive: true });
  const environment = plan.environment ?? (await environmentOfThisMachine(folder));
  const port = await freePort(process.env.PORT);

  const stops: (() => Promise<void>)[] = [];
  const stopAll = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  // Before anything starts: a Ctrl-C while it starts must find somebody who ends it.
  const interruption = interrupted();
  const ending = new AbortController();
  try {
    const appUrl = `http://127.0.0.1:${port}/api/inngest`;
    const started = await startStandIns(plan, folder, appUrl, (stop) => stops.push(stop));
    const variables = {
      ...variablesOf(started),
      ...(started.e2b ? await webhookOf(started.e2b, port) : {}),
      ...nextFolder(folder),
      REKINDLE_ENV: environment,
      PROJECTS_FOLDER:
        process.env.PROJECTS_FOLDER ||
        (await ownSamples(join(process.cwd(), "lib/local/samples/projects"), folder)),
    };
    stops.push(await writeLaunch(folder, variables, process.env));
    const next = startNext(port, variables);
    stops.push(next.stop);
    const ended = Promise.race([next.ended, interruption]);
    // An event that is sent before the functions are registered starts nothing, so nobody is invited before.
    const isReady = await Promise.race([
      registered(started.inngest, port, ending.signal),
      ended.then(() => false),
    ]);
    if (isReady) {
      printTable(plan, started, next.url, environment);
      void warmUp(next.url);
    }
    return await ended;
  } finally {
    ending.abort();
    await stopAll();
  }
}

/** Registered before the app listens: nothing happens to a sandbox before somebody opens a preview in it. */
async function webhookOf(e2b: LocalE2b, port: number): Promise<Record<string, string>> {
  const secret = newWebhookSecret();
  await registerWebhook(e2b, `http://127.0.0.1:${port}/api/webhooks/e2b`, secret);
  return { E2B_WEBHOOK_SECRET: secret };
}

/** Next takes a lock in the folder that it builds in, so a launch with a folder of its own has Next build there too. */
function nextFolder(folder: string): Record<string, string> {
  return process.env.REKINDLE_LOCAL_FOLDER
    ? { NEXT_DIST_DIR: relative(process.cwd(), join(folder, "next")) }
    : {};
}

/** The nearest free one: a port that somebody else has is no reason not to start. */
function freePort(wanted: string | undefined): Promise<number> {
  const port = Number(wanted || Number.NaN);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return getPort({ port });
  if (wanted) throw new ConfigurationError([`PORT is not a port number, 0 to 65535`]);
  return getPort({ port: [3000, 3001, 3002, 3003] });
}

async function startStandIns(
  plan: LaunchPlan,
  folder: string,
  appUrl: string,
  onStart: (stop: () => Promise<void>) => void,
): Promise<Started> {
  const keep = <T extends { stop(): Promise<void> }>(service: T): T => {
    onStart(() => service.stop());
    return service;
  };
  const e2b =
    plan.e2b.kind === "local"
      ? keep(await startE2b({ ...parts, rootFolder: join(folder, "e2b") }))
      : undefined;
  const upstash =
    plan.upstash.kind === "local"
      ? keep(
          await startUpstash({
            ...parts,
            folder: join(folder, "redis"),
            engine: "auto",
            redisUrl: process.env.REDIS_URL,
          }),
        )
      : undefined;
  const inngestOptions = { choice: plan.inngest, appUrl, folder: join(folder, "inngest") };
  const inngest = keep(await startInngestService({ ...parts, ...inngestOptions }));
  return { inngest, ...(e2b ? { e2b } : {}), ...(upstash ? { upstash } : {}) };
}

/** Only addresses and keys: the same variables that a deployment sets. */
function variablesOf({ e2b, upstash, inngest }: Started): Record<string, string> {
  return {
    INNGEST_DEV: inngest.url,
    ...(upstash ? { UPSTASH_REDIS_REST_URL: upstash.url, UPSTASH_REDIS_REST_TOKEN: upstash.token } : {}),
    ...(e2b
      ? {
          E2B_API_KEY: e2b.apiKey,
          E2B_API_URL: e2b.apiUrl,
          E2B_SANDBOX_URL: e2b.sandboxUrl,
          E2B_DOMAIN: e2b.domain,
          LOCAL_CLOUD_CONTROL_URL: e2b.apiUrl,
          PREVIEW_URL_TEMPLATE: `http://{port}-{sandboxId}.${e2b.domain}`,
          PREVIEW_CONNECT_TO: `127.0.0.1:${e2b.previewPort}`,
        }
      : // Real sandboxes are not to be killed by a button, whatever a developer's environment holds.
        { LOCAL_CLOUD_CONTROL_URL: "" }),
  };
}

/** Random, and kept: two machines that share a real account by mistake must never see each other's previews. */
async function environmentOfThisMachine(folder: string): Promise<string> {
  const file = join(folder, "environment");
  if (existsSync(file)) return (await readFile(file, "utf8")).trim();
  const environment = `dev-${systemRandom.hex(5)}`;
  await writeFile(file, `${environment}\n`);
  return environment;
}

function printTable(plan: LaunchPlan, started: Started, appUrl: string, environment: string): void {
  // The table's own colours are on by default, also where the output is a file.
  const style = colors.isColorSupported ? { head: ["bold"] } : { head: [], border: [] };
  const table = new Table({ head: ["service", "", "address", "why"], style });
  const { e2b, upstash, inngest } = started;
  table.push(
    ["Rekindle", "app", appUrl, `environment ${environment}`],
    ["E2B", plan.e2b.kind, e2b?.apiUrl ?? "api.e2b.app", e2bWhy(plan, e2b)],
    ["Upstash Redis", plan.upstash.kind, upstash?.url ?? "yours", redisWhy(plan, upstash)],
    ["Inngest", "local", inngest.url, inngest.why],
  );
  process.stdout.write(`\n${table.toString()}\n`);
  process.stdout.write(`Open ${colors.bold(appUrl)} — Ctrl-C ends everything.\n\n`);
}

function complain(paint: (text: string) => string, fields: Record<string, unknown>, message: string): void {
  process.stderr.write(`${paint(message)} ${colors.dim(JSON.stringify(fields))}\n`);
}

function e2bWhy(plan: LaunchPlan, e2b: LocalE2b | undefined): string {
  if (!e2b) return plan.e2b.why;
  const apart =
    e2b.isolation === "namespaces"
      ? "each sandbox in Linux namespaces"
      : "only Node's servers get their port";
  return `${plan.e2b.why}; ${apart}`;
}

function redisWhy(plan: LaunchPlan, upstash: LocalUpstash | undefined): string {
  if (!upstash) return plan.upstash.why;
  const engine =
    upstash.engine === "redis-server" ? `redis-server ${upstash.version ?? ""}`.trim() : "in-process engine";
  return `${plan.upstash.why}; ${engine}`;
}

/**
 * True when the app has registered its functions; it compiles for a few seconds first. An app that answers with an error
 * is told in the terminal and asked again, because a developer may mend it. False when all ends before.
 */
async function registered(inngest: InngestService, port: number, ending: AbortSignal): Promise<boolean> {
  while (!(await isListening(port))) {
    // Looking on would keep this process alive after everything else has ended.
    if (ending.aborted) return false;
    await sleep(systemClock, LOOK_MS);
  }
  return inngest.registered(ending);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Listens for good: a second, impatient Ctrl-C would otherwise end this process before what it has started. */
function interrupted(): Promise<number> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve(0));
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof RekindleError ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
