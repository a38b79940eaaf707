/**
 * Owns the stage of these tests: the shipping code and the real SDKs over a local cloud of its own, with times scaled
 * by the policy only, and what a test wants to know of a preview. It must never reach into Rekindle but to read.
 * Fails closed: what does not come within its patience is the test's failure.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { z } from "zod";
import { type Clock, systemClock } from "@/lib/clock";
import { parseScope } from "@/lib/ids";
import type { Policy, PreviewView, Rekindle } from "@/lib/index";
import { demoPolicy } from "@/lib/local/demo/demo-policy";
import { startE2b } from "@/lib/local/e2b/start-e2b";
import { hostRekindle } from "@/lib/local/hosted-rekindle";
import { startInngest } from "@/lib/local/inngest/start-inngest";
import type { LocalCloud } from "@/lib/local/local-cloud";
import { startUpstash } from "@/lib/local/upstash/start-upstash";
import { silentLog } from "@/lib/log";
import { systemRandom } from "@/lib/random";
import { type Gate, startGate } from "./gate";
import { knownProjects, type Projects } from "./projects";

const SECOND_MS = 1_000;

const MINUTE_MS = 60 * SECOND_MS;

/** Nothing goes to rest by itself while a test looks; what hangs is given up within seconds. */
export const testPolicy: Policy = {
  ...demoPolicy,
  idleAfterMs: 40 * MINUTE_MS,
  viewerGoneAfterMs: 40 * MINUTE_MS,
  keepAliveMs: 50 * MINUTE_MS,
  installDeadlineMs: 10 * SECOND_MS,
  serverDeadlineMs: 10 * SECOND_MS,
};

/** Long enough for a busy machine; a test that passes never waits for it. */
export const PATIENCE_MS = 50 * SECOND_MS;

export interface Stage {
  readonly cloud: LocalCloud;
  readonly rekindle: Rekindle;
  readonly projects: Projects;
  /** Between Rekindle and each service. */
  readonly gates: { readonly redis: Gate; readonly e2b: Gate; readonly inngest: Gate };
  stop(): Promise<void>;
}

export interface StageOptions {
  readonly policy?: Policy;
  /**
   * `one`: a step that fails has failed. `two`: it is tried once more, and soon, since Inngest's clock goes ahead of the
   * others; nobody can leave on such a stage, for the grace would end before it is over by Redis's clock.
   */
  readonly attempts: "one" | "two";
}

export async function startStage({ policy = testPolicy, attempts }: StageOptions): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "rekindle-e2e-"));
  const cloud = await startCloud(folder, attempts === "one" ? systemClock : fasterClock(5));
  const gates = {
    redis: await startGate(cloud.upstash.url),
    e2b: await startGate(cloud.e2b.apiUrl),
    inngest: await startGate(cloud.inngest.url),
  };
  const projects = knownProjects();
  const { e2b, upstash, inngest } = cloud;
  const rekindle = await hostRekindle(
    {
      ...cloud,
      e2b: { ...e2b, apiUrl: gates.e2b.url, sandboxUrl: gates.e2b.url },
      upstash: { ...upstash, url: gates.redis.url },
      inngest: { ...inngest, url: gates.inngest.url },
    },
    {
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      environment: "e2e",
      policy,
      flow: { retries: attempts === "one" ? 0 : 1 },
      files: projects.files,
    },
  );
  return {
    cloud,
    rekindle,
    projects,
    gates,
    async stop() {
      await cloud.stop();
      for (const gate of Object.values(gates)) await gate.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** As `startLocalCloud`, but for Inngest's time, and the jitter of up to half a minute between two attempts. */
async function startCloud(folder: string, inngestClock: Clock): Promise<LocalCloud> {
  const parts = { clock: systemClock, random: systemRandom, log: silentLog };
  const e2b = await startE2b({ ...parts, rootFolder: join(folder, "e2b") });
  const upstash = await startUpstash({ ...parts, folder: join(folder, "redis"), engine: "auto" });
  const inngest = await startInngest({
    clock: inngestClock,
    random: { ...systemRandom, fraction: () => 0 },
    log: silentLog,
    appUrls: [],
  });
  return {
    e2b,
    upstash,
    inngest,
    async stop() {
      await inngest.stop();
      await upstash.stop();
      await e2b.stop();
    },
  };
}

/** Goes ahead of the wall clock, which is where it starts from. */
function fasterClock(factor: number): Clock {
  const startedAt = systemClock.now();
  return {
    now: () => startedAt + (systemClock.now() - startedAt) * factor,
    after: (delayMs, callback) => systemClock.after(delayMs / factor, callback),
  };
}

export const whoseOf = (projectId: string) => ({ projectId, userId: "ada" });
export const viewerOf = (projectId: string) => ({ ...whoseOf(projectId), viewerId: "tab" });

export function untilState(
  { rekindle }: Stage,
  projectId: string,
  state: PreviewView["state"],
): Promise<PreviewView> {
  let last: PreviewView | undefined;
  return until(
    () => `${projectId} to be ${state}, which is ${JSON.stringify(last)}`,
    async () => {
      last = await rekindle.status(whoseOf(projectId));
      return last.state === state ? last : undefined;
    },
  );
}

/** The first answer that is not undefined; polled. Not `expect.poll`, which knows no test when tests run side by side. */
export function until<T>(what: string | (() => string), look: () => Promise<T | undefined>): Promise<T> {
  return vi.waitFor(
    async () => {
      const found = await look();
      if (found === undefined) throw new Error(`waiting for ${typeof what === "string" ? what : what()}`);
      return found;
    },
    { timeout: PATIENCE_MS, interval: 100 },
  );
}

/** Nobody holds a claim, and no sandbox of this project runs: nothing is half done and nothing bills. */
export async function untilAtRest(stage: Stage, projectId: string): Promise<PreviewView> {
  const { userId } = whoseOf(projectId);
  await until(`nobody to be at work on ${projectId}`, async () => {
    const { snapshot } = await stage.rekindle.runtime.store.read(parseScope(projectId, userId));
    return snapshot.record.leaseId === undefined ? true : undefined;
  });
  expect(sandboxStates(stage, projectId)).not.toContain("running");
  return stage.rekindle.status(whoseOf(projectId));
}

/** The start was told, with its first sign of life: an earlier leaving would be taken for a return right after. */
export async function untilTold({ cloud }: Stage, projectId: string): Promise<void> {
  await until(`${projectId} to be told ready`, async () =>
    cloud.inngest.engine
      .history()
      .events.find(({ name, data }) => name === "user/active" && isOf(projectId, data)),
  );
}

/** Whether an event's data names this project. */
export const isOf = (projectId: string, data: unknown): boolean =>
  z.object({ projectId: z.literal(projectId) }).safeParse(data).success;

/** Everybody leaves, and it comes to rest. */
export async function leaveUntilPaused(stage: Stage, projectId: string): Promise<void> {
  await untilTold(stage, projectId);
  await stage.rekindle.leave(viewerOf(projectId));
  await untilState(stage, projectId, "paused");
  await untilAtRest(stage, projectId);
}

export const sandboxStates = ({ cloud }: Stage, projectId: string): ("running" | "paused")[] =>
  cloud.e2b.cloud
    .list()
    .filter(({ metadata }) => metadata.projectId === projectId)
    .map(({ state }) => state);

/** What a visitor of the address gets. */
export function visit({ cloud }: Stage, url: string): Promise<{ status: number; body: string }> {
  const { host, pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: "127.0.0.1", port: cloud.e2b.previewPort, path: pathname, headers: { host }, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end();
  });
}
