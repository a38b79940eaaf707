/**
 * The launcher of `npm run dev` as a whole: what it tells, what it refuses, and that nothing which it started outlives
 * it, whenever and however it ends. Which mixes it refuses is shown in tests/unit/launcher.
 */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { launchFile } from "@/app/command-line/environment";
import { parsePaneView } from "@/lib/react/pane-view";
import { findBackends } from "../support/backends";
import {
  cleanEnvironment,
  type Launch,
  type LaunchedApp,
  launchApp,
  printed,
  startLauncher,
} from "./launched-app";
import { processesOfLaunch, stillAlive } from "./process-tree";

const backends = await findBackends();

/** Pages compile, a package manager installs, and two cores are shared: patience, which nothing here measures. */
const PATIENCE = { timeout: 150_000, interval: 100 };
const TEST_MS = 300_000;

describe("a launch", { timeout: TEST_MS }, () => {
  let app: LaunchedApp;
  beforeAll(async () => {
    app = await launchApp();
  }, TEST_MS);
  afterAll(() => app?.stop(), TEST_MS);

  test("tells in one table what is local, where it is and why", () => {
    const rows = app
      .output()
      .split("\n")
      .filter((line) => line.includes("│"))
      .map((line) => line.split("│").map((cell) => cell.trim()));
    const cells = rows.map(([, service, kind, address, why]) => ({ service, kind, address, why }));

    const local = { kind: "local", address: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) };
    expect(cells).toEqual([
      { service: "service", kind: "", address: "address", why: "why" },
      { service: "Rekindle", kind: "app", address: app.url, why: expect.stringContaining("environment") },
      {
        service: "E2B",
        ...local,
        why: expect.stringMatching(
          /^no E2B_API_KEY; (each sandbox in Linux namespaces|only Node's servers get their port)$/,
        ),
      },
      { service: "Upstash Redis", ...local, why: expect.stringContaining("no UPSTASH_REDIS_REST_URL") },
      { service: "Inngest", ...local, why: expect.stringContaining("forgets everything") },
    ]);
  });

  test("has E2B tell the app by its webhook what happens to sandboxes, and the app knows its own doings", async () => {
    await openCounter(app);

    await expect.poll(() => app.output(), PATIENCE).toMatch(/"heard of a sandbox".*"type":"created"/);
    expect(app.output()).not.toContain('"kind":"news"');
    expect((await fetch(`${app.url}/api/webhooks/e2b`, { method: "POST", body: "{}" })).status).toBe(401);
  });

  test("is found by the command line, which opens, lists and pauses there", async () => {
    const opened = await operate(app, "open", "counter/local");
    expect(opened).toMatchObject({ exitCode: 0, answer: { switches: [], view: { projectId: "counter" } } });
    await expect.poll(() => stateOfCounter(app), PATIENCE).toBe("running");

    const listed = await operate(app, "list", "--user", "local");
    const [preview] = listSchema.parse(listed.answer).previews;
    const paused = await operate(app, "pause", preview?.sandboxId ?? "");

    expect(preview).toMatchObject({ projectId: "counter", state: "running" });
    expect(paused).toMatchObject({ exitCode: 0, answer: { kind: "done", view: { state: "paused" } } });
  });

  // The last of these tests, because it ends the launch.
  test("ends with Ctrl-C, and with it every process and every sandbox's files", async () => {
    await openCounter(app);
    const known = await processesOfLaunch(app);
    const commands = stillAlive(known)
      .map(({ command }) => command)
      .join("\n");
    expect(commands).toContain("node server.js");
    expect(commands).toContain("next-server");
    if (backends.redisServer) expect(commands).toContain("redis-server");

    app.pressCtrlC();

    expect(await app.ended).toBe(0);
    expect(stillAlive(known)).toEqual([]);
    expect(await filesBelow(app)).not.toContain("sandboxes");
    expect(await filesBelow(app)).not.toContain(launchFile);
  });
});

test(
  "an impatient Ctrl-C, again and before anything answers, leaves nothing",
  async () => {
    const launch = await startLauncher();
    try {
      await printed(launch, /Next\.js/);
      const known = await processesOfLaunch(launch);
      expect(known.map(({ command }) => command).join("\n")).toContain("next dev");

      launch.pressCtrlC();
      launch.pressCtrlC();

      expect(await launch.ended).toBe(0);
      expect(stillAlive(known)).toEqual([]);
    } finally {
      await launch.stop();
    }
  },
  TEST_MS,
);

test(
  "an app that dies ends the launch as a failure, and leaves nothing",
  async () => {
    const launch = await startLauncher();
    try {
      await printed(launch, /Next\.js/);
      const known = await processesOfLaunch(launch);
      const next = known.find(({ command }) => command.includes("next dev"));
      expect(next).toBeDefined();

      process.kill(next?.pid ?? 0, "SIGKILL");

      expect(await launch.ended).toBe(1);
      expect(stillAlive(known)).toEqual([]);
    } finally {
      await launch.stop();
    }
  },
  TEST_MS,
);

test(
  "an app that cannot be built is told with its sentence, and nobody is invited",
  async () => {
    const launch = await startLauncher({ REKINDLE_POLICY: '{"idleAfterMs": 1000}' });
    try {
      await printed(launch, /Rekindle cannot start: [^"]+/);

      expect(launch.output()).toContain("warnBeforeMs (120000) must be less than idleAfterMs (1000)");
      expect(launch.output()).not.toContain("Open http");
    } finally {
      await launch.stop();
    }
  },
  TEST_MS,
);

test(
  "a mix that cannot work is refused before anything starts, with every reason at once",
  async () => {
    const launch = await startLauncher({
      INNGEST_EVENT_KEY: "secret-event-key",
      UPSTASH_REDIS_REST_URL: "https://secret.upstash.example",
      E2B_API_KEY: "secret-api-key",
    });
    try {
      expect(await launch.ended).toBe(1);
      expect(launch.output()).toContain("Inngest Cloud cannot call a laptop");
      expect(launch.output()).toContain("only one of UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN");
      expect(launch.output()).toContain("REKINDLE_ENV is missing");
      expect(launch.output()).not.toContain("secret");
      expect(await filesBelow(launch)).toEqual([]);
    } finally {
      await launch.stop();
    }
  },
  TEST_MS,
);

test(
  "a launch with Inngest's CLI starts its Dev Server, says so, and ends it with Ctrl-C",
  async () => {
    // A stand-in that listens and registers; what the real one does with functions is not shown here.
    const app = await launchApp({ INNGEST_CLI: resolve("tests/support/fake-inngest-cli.mjs") });
    try {
      expect(app.output()).toMatch(
        /Inngest +│ local +│ http:\/\/127\.0\.0\.1:\d+ +│ Dev Server 0\.0\.0-fake; found by INNGEST_CLI/,
      );
      const known = await processesOfLaunch(app);
      expect(known.map(({ command }) => command).join("\n")).toContain(
        "fake-inngest-cli.mjs dev --host 127.0.0.1",
      );

      app.pressCtrlC();

      expect(await app.ended).toBe(0);
      expect(stillAlive(known)).toEqual([]);
    } finally {
      await app.stop();
    }
  },
  TEST_MS,
);

const counterOf = ({ url }: LaunchedApp) => `${url}/api/previews/counter`;

const stateOfCounter = async (app: LaunchedApp) =>
  parsePaneView(await (await fetch(counterOf(app))).json())?.state;

async function openCounter(app: LaunchedApp): Promise<void> {
  const opened = await fetch(`${counterOf(app)}/open`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ viewerId: "launcher-test" }),
  });
  expect(opened.status, app.output()).toBe(200);
  await expect.poll(() => stateOfCounter(app), PATIENCE).toBe("running");
}

const listSchema = z.object({
  previews: z.array(z.object({ projectId: z.string(), state: z.string(), sandboxId: z.string() })),
});

/** The command as an operator types it, for programs; what it writes beside its answer is not looked at. */
async function operate(
  { folder }: Launch,
  ...args: string[]
): Promise<{ exitCode: number; answer: unknown }> {
  const command = ["--import", "tsx", "app/command-line/main.ts", ...args, "--json"];
  const env = { ...cleanEnvironment("development"), REKINDLE_LOCAL_FOLDER: folder };
  return new Promise((resolveCall) => {
    execFile(process.execPath, command, { env }, (error, stdout) => {
      const exitCode = error === null ? 0 : Number(error.code);
      resolveCall({ exitCode, answer: JSON.parse(stdout) });
    });
  });
}

const filesBelow = async ({ folder }: Pick<Launch, "folder">): Promise<string[]> =>
  (await readdir(folder, { recursive: true })).map((path) => basename(path));
