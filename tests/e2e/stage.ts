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
import { systemClock } from "@/lib/clock";
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

/** Nothing goes to rest by itself while a test looks; what hangs is given up within seconds. */
export const testPolicy: Policy = {
  ...demoPolicy,
  idleAfterMs: 120 * SECOND_MS,
  keepAliveMs: 180 * SECOND_MS,
  installDeadlineMs: 12 * SECOND_MS,
  serverDeadlineMs: 12 * SECOND_MS,
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

export async function startStage(policy: Policy = testPolicy): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "rekindle-e2e-"));
  const cloud = await startCloud(folder);
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
      // A second attempt comes after 15 s: enough to show that there is one.
      flow: { retries: 1 },
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

/** As `startLocalCloud`, but for the retries' jitter, which would add up to half a minute to each. */
async function startCloud(folder: string): Promise<LocalCloud> {
  const parts = { clock: systemClock, random: systemRandom, log: silentLog };
  const e2b = await startE2b({ ...parts, rootFolder: join(folder, "e2b") });
  const upstash = await startUpstash({ ...parts, folder: join(folder, "redis"), engine: "auto" });
  const withoutJitter = { ...systemRandom, fraction: () => 0 };
  const inngest = await startInngest({ ...parts, random: withoutJitter, appUrls: [] });
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

export const whoseOf = (projectId: string) => ({ projectId, userId: "ada" });
export const viewerOf = (projectId: string) => ({ ...whoseOf(projectId), viewerId: "tab" });

export function untilState(
  { rekindle }: Stage,
  projectId: string,
  state: PreviewView["state"],
): Promise<PreviewView> {
  return until(`${projectId} to be ${state}`, async () => {
    const view = await rekindle.status(whoseOf(projectId));
    return view.state === state ? view : undefined;
  });
}

/** The first answer that is not undefined; polled. Not `expect.poll`, which knows no test when tests run side by side. */
export function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  return vi.waitFor(
    async () => {
      const found = await look();
      if (found === undefined) throw new Error(`waiting for ${what}`);
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
