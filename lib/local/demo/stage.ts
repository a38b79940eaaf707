/**
 * Owns the stage of the demo's story and how its scenes wait: each waits for what it claims, as a product or an outsider
 * sees it, and throws when it does not come. It must never reach into Rekindle's state.
 */
import { Sandbox, SandboxNotFoundError } from "e2b";
import type { Clock } from "@/lib/clock";
import { sleep } from "@/lib/clock";
import type { PreviewView, Rekindle } from "@/lib/index";
import type { LocalCloud } from "../local-cloud";
import type { Evidence } from "./evidence";
import type { Narrator } from "./narrator";

export interface Stage {
  readonly cloud: LocalCloud;
  readonly rekindle: Rekindle;
  readonly clock: Clock;
  readonly narrator: Narrator;
  /** Where the product keeps its projects; a copy, since agents change it. */
  readonly projectsFolder: string;
  /** Filled as the story goes, so that a story that stops half-way still shows what it has. */
  readonly evidence: { -readonly [K in keyof Evidence]?: Evidence[K] };
}

export const whose = { projectId: "counter", userId: "demo" };
export const viewer = { ...whose, viewerId: "demo-tab" };

const PATIENCE_MS = 90_000;

export const completedRuns = (cloud: LocalCloud, functionId: string) =>
  cloud.inngest.engine
    .history()
    .runs.filter((run) => run.functionId === functionId && run.status === "Completed");

export type RunningView = PreviewView & { readonly url: string; readonly sandboxId: string };

export function running(view: PreviewView): RunningView | undefined {
  const { url, sandboxId } = view;
  return view.state === "running" && url && sandboxId ? { ...view, url, sandboxId } : undefined;
}

export async function runningView(stage: Stage): Promise<RunningView> {
  const view = running(await stage.rekindle.status(whose));
  if (!view) throw new Error("the preview does not run");
  return view;
}

/** Waits for "running", telling each step on the way; a failure ends the story with its reason. */
export async function untilRunning(stage: Stage, opened: PreviewView): Promise<RunningView> {
  let told = "";
  let view = opened;
  return until(stage, "the preview to run", async () => {
    const title = view.step?.title;
    if (title && title !== told) stage.narrator.tell("", title);
    told = title ?? told;
    if (view.state === "failed")
      throw new Error(`${view.reason.title}: ${view.logTail ?? view.reason.message}`);
    const found = running(view);
    if (!found) view = await stage.rekindle.status(whose);
    return found;
  });
}

export function untilState(stage: Stage, state: PreviewView["state"]): Promise<PreviewView> {
  return until(stage, `the state "${state}"`, async () => {
    const view = await stage.rekindle.status(whose);
    return view.state === state ? view : undefined;
  });
}

export async function until<T>(stage: Stage, what: string, look: () => Promise<T | undefined>): Promise<T> {
  const giveUpAt = stage.clock.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (stage.clock.now() > giveUpAt) throw new Error(`waited ${PATIENCE_MS / 1000} s in vain for ${what}`);
    await sleep(stage.clock, 100);
  }
}

/** What the provider says, asked by its own SDK, as an outsider would; undefined when it knows no such sandbox. */
export async function providerInfo({ cloud }: Stage, sandboxId: string) {
  const connection = { apiKey: cloud.e2b.apiKey, apiUrl: cloud.e2b.apiUrl };
  try {
    return await Sandbox.getInfo(sandboxId, connection);
  } catch (error) {
    if (error instanceof SandboxNotFoundError) return undefined;
    throw error;
  }
}

export async function providerEnd(stage: Stage, sandboxId: string): Promise<number> {
  const info = await providerInfo(stage, sandboxId);
  if (!info) throw new Error(`the provider has no sandbox ${sandboxId}`);
  return info.endAt.getTime();
}

export const cameBack = (view: RunningView) => ({
  sandboxId: view.sandboxId,
  cameBack: view.cameBack?.how ?? "unknown",
  tookMs: view.cameBack?.tookMs ?? -1,
});

export const tookSeconds = (view: PreviewView): string =>
  `${((view.cameBack?.tookMs ?? 0) / 1000).toFixed(1)} s`;
