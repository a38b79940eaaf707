/**
 * Owns the command `npm run dev` as a child of a test: started with what package.json says, beside whatever a developer
 * runs, because it has a free port and a folder of its own and no key of the developer's reaches it. It must never
 * outlive its test. Fails closed: a launch that ends before it invites anybody is thrown, with all that it printed.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { delimiter, resolve } from "node:path";
import { z } from "zod";
import { systemClock } from "@/lib/clock";

export interface Launch {
  /** Of the command itself, and of the process group that a terminal's Ctrl-C would reach. */
  readonly pid: number;
  /** Absolute; all that the launch writes stands in it. */
  readonly folder: string;
  /** All that it has printed so far, standard error included, without colours. */
  output(): string;
  /** Resolves with the code, or the signal that killed it, once it has ended. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** What a terminal does at Ctrl-C: the signal goes to everybody in the group. */
  pressCtrlC(): void;
  /** Ends what still runs and removes the folder; harmless when repeated. */
  stop(): Promise<void>;
}

export interface LaunchedApp extends Launch {
  /** Where the app answers, as it was printed. */
  readonly url: string;
}

export type Variables = Readonly<Record<string, string>>;

/** Resolves when it invites people, which is when everything answers. */
export async function launchApp(variables: Variables = {}): Promise<LaunchedApp> {
  const launch = await startLauncher(variables);
  try {
    const url = await printed(launch, /^Open (http:\/\/\S+)/m);
    return { ...launch, url };
  } catch (error) {
    await launch.stop();
    throw error;
  }
}

/** Resolves when the process has been started; it may end at once. */
export async function startLauncher(variables: Variables = {}): Promise<Launch> {
  const [program = "", ...parameters] = (await devCommand()).split(" ");
  await mkdir(".local", { recursive: true });
  const folder = await mkdtemp(resolve(".local", "e2e-"));
  const child = spawn(program, parameters, {
    env: { ...cleanEnvironment("development"), REKINDLE_LOCAL_FOLDER: folder, PORT: "0", ...variables },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, as a terminal gives to a command.
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`"${program}" could not be started`);
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => chunks.push(text));
  }
  const signalGroup = (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-pid, signal);
  };
  // A test run that is given up must not leave a launch behind.
  const endWithUs = () => signalGroup("SIGTERM");
  process.once("exit", endWithUs);
  const ended = endOf(child);
  return {
    pid,
    folder,
    output: () => chunks.join(""),
    ended,
    pressCtrlC: () => signalGroup("SIGINT"),
    async stop() {
      signalGroup("SIGINT");
      await ended;
      process.removeListener("exit", endWithUs);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/**
 * The developer's environment without what a test runner sets, and without keys. They are emptied and not removed:
 * the launcher and Next read `.env.local`, which fills in only what is not there at all.
 */
export function cleanEnvironment(mode: "development" | "production"): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, FORCE_COLOR: _color, ...inherited } = process.env;
  const kept = Object.entries(inherited).filter(([name]) => !name.startsWith("VITEST"));
  const withoutKeys = keyNames.map((name) => [name, ""] as const);
  return {
    ...Object.fromEntries([...kept, ...withoutKeys]),
    PATH: `${resolve("node_modules", ".bin")}${delimiter}${process.env.PATH ?? ""}`,
    NODE_ENV: mode,
    NO_COLOR: "1",
    // The same on every machine, whatever is on its PATH.
    INNGEST_CLI: "none",
    NEXT_TELEMETRY_DISABLED: "1",
  };
}

const keyNames = [
  "E2B_API_KEY",
  "E2B_API_URL",
  "E2B_SANDBOX_URL",
  "E2B_DOMAIN",
  "E2B_TEMPLATE",
  "E2B_WEBHOOK_SECRET",
  "UPSTASH_REDIS_REST_URL",
  "UPSTASH_REDIS_REST_TOKEN",
  "INNGEST_DEV",
  "INNGEST_EVENT_KEY",
  "INNGEST_SIGNING_KEY",
  "PREVIEW_URL_TEMPLATE",
  "PREVIEW_CONNECT_TO",
  "LOCAL_CLOUD_CONTROL_URL",
  "PROJECTS_FOLDER",
  "REKINDLE_ENV",
  "REKINDLE_POLICY",
] as const;

const manifestSchema = z.object({ scripts: z.object({ dev: z.string() }) });

/** What a newcomer runs, whatever that is. */
async function devCommand(): Promise<string> {
  return manifestSchema.parse(JSON.parse(await readFile("package.json", "utf8"))).scripts.dev;
}

function endOf(child: ChildProcess): Promise<number | NodeJS.Signals> {
  return new Promise((resolveEnd) => {
    child.once("close", (code, signal) => resolveEnd(code ?? signal ?? "SIGKILL"));
  });
}

const LOOK_MS = 100;

/** Resolves with the first group of the pattern; the patience is the calling test's. @throws when it ends before. */
export async function printed(launch: Launch, pattern: RegExp): Promise<string> {
  let hasEnded = false;
  void launch.ended.then(() => {
    hasEnded = true;
  });
  for (;;) {
    const found = pattern.exec(launch.output());
    if (found) return found[1] ?? found[0];
    if (hasEnded) throw new Error(`The launch ended without ${pattern}:\n${launch.output()}`);
    await new Promise<void>((resolveWait) => systemClock.after(LOOK_MS, resolveWait));
  }
}
