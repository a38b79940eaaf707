/**
 * Owns one Inngest Dev Server as a child: on loopback, on ports of its own, for one app, with its talk in a file. It must
 * never look for other apps on this machine, nor read the developer's INNGEST_* variables, each of which the CLI takes as
 * an option (inngest.md §6.1). It never throws for a server that does not come up: the answer says why, and nothing of
 * it is left.
 */
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import getPort from "get-port";
import { z } from "zod";
import { type Clock, sleep } from "@/lib/clock";
import { type ProcessGroup, startGroup } from "./process-group";

export interface DevServer {
  readonly url: string;
  /** As it says itself; "unknown" when it does not. */
  readonly version: string;
  /** Resolves when it ends, by itself or by `stop`. */
  readonly ended: Promise<number>;
  stop(): Promise<void>;
}

export type DevServerStart =
  | { readonly kind: "up"; readonly server: DevServer }
  | { readonly kind: "down"; readonly reason: string };

export interface DevServerOptions {
  readonly executable: string;
  /** Where the serve handler is, or will be. */
  readonly appUrl: string;
  /** For its log, and its working folder; made if it is missing. */
  readonly folder: string;
  readonly clock: Clock;
  /** What it gets to answer. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 15_000;
const LOOK_MS = 100;

export async function startDevServer(options: DevServerOptions): Promise<DevServerStart> {
  const { executable, appUrl, folder, clock, patienceMs = PATIENCE_MS } = options;
  await mkdir(folder, { recursive: true });
  const log = join(folder, "dev-server.log");
  const [port, gatewayPort] = [await getPort(), await getPort()];
  const group = startLogged(executable, devParameters({ port, gatewayPort, appUrl }), folder, log);
  const url = `http://127.0.0.1:${port}`;
  let ending = "";
  void group.ended.then((code) => {
    ending = `it ended with code ${code}`;
  });
  const answer = await firstAnswer(url, clock, patienceMs, () => ending);
  if (answer === "up")
    return {
      kind: "up",
      server: { url, version: await versionOf(url), ended: group.ended, stop: group.stop },
    };
  await group.stop();
  return { kind: "down", reason: `${answer}${await lastLine(log)}` };
}

/**
 * The options of `inngest dev` (vendor's guide, 2026-11). It does not poll: the caller syncs the app, because the app's
 * route answers only what it knows to come from this machine.
 */
export function devParameters(ports: {
  readonly port: number;
  readonly gatewayPort: number;
  readonly appUrl: string;
}): readonly string[] {
  return [
    "dev",
    ...["--host", "127.0.0.1"],
    ...["--port", String(ports.port)],
    ...["--connect-gateway-port", String(ports.gatewayPort)],
    ...["--sdk-url", ports.appUrl],
    "--no-discovery",
    "--no-poll",
  ];
}

function startLogged(
  executable: string,
  parameters: readonly string[],
  folder: string,
  log: string,
): ProcessGroup {
  const output = openSync(log, "w", 0o600);
  try {
    return startGroup(executable, parameters, {
      cwd: folder,
      env: environment(),
      stdio: ["ignore", output, output],
    });
  } finally {
    closeSync(output);
  }
}

/** DO_NOT_TRACK is a convention among command-line tools; a local launch has nothing to tell anybody. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("INNGEST_"));
  return { NODE_ENV: process.env.NODE_ENV, ...Object.fromEntries(kept), DO_NOT_TRACK: "1" };
}

/** "up", or why it is given up; `endingOf` is empty while it runs. */
async function firstAnswer(
  url: string,
  clock: Clock,
  patienceMs: number,
  endingOf: () => string,
): Promise<string> {
  const until = clock.now() + patienceMs;
  while (clock.now() < until) {
    const ending = endingOf();
    if (ending !== "") return ending;
    const signal = AbortSignal.timeout(patienceMs);
    // Not there yet is what is waited for.
    const response = await fetch(`${url}/health`, { signal }).catch(() => undefined);
    if (response?.ok) return "up";
    await sleep(clock, LOOK_MS);
  }
  return `it did not answer within ${Math.round(patienceMs / 1000)} s`;
}

const aboutSchema = z.object({ version: z.string().min(1) });

/** `GET /dev` tells it (inngest.md §3.7). */
async function versionOf(url: string): Promise<string> {
  try {
    const about = aboutSchema.safeParse(await (await fetch(`${url}/dev`)).json());
    return about.success ? about.data.version : "unknown";
  } catch {
    // A server without that path works all the same; only the table says less.
    return "unknown";
  }
}

async function lastLine(log: string): Promise<string> {
  const lines = (await readFile(log, "utf8")).trim().split("\n");
  const last = lines.at(-1)?.slice(0, 200);
  return last ? `; its last words: ${last}` : "";
}
