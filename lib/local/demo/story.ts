/**
 * Owns the story that the demo plays, with the shipping code, the real SDKs and a real project: open, count, beat,
 * a second tab, leave, return, an agent at work with nobody there, an edit on the paused preview, the end of the plan's run,
 * a kill from outside, return, idleness, a forgotten preview and the sweep. Each step waits for what it
 * claims and throws when it does not come. It must never reach into Rekindle's state: it sees what a product sees.
 */
import { extendOnActivityId } from "@/functions/extend-on-activity";
import { pauseWhenIdleId } from "@/functions/pause-when-idle";
import { reconcilePreviewId } from "@/functions/reconcile-preview";
import { appId } from "@/inngest.config";
import { sleep } from "@/lib/clock";
import { clickCounter, lookAtCounter, portStatus } from "./counter-client";
import { demoPolicy } from "./demo-policy";
import { stoodStillForMs } from "./evidence";
import {
  cameBack,
  completedRuns,
  providerEnd,
  providerInfo,
  running,
  runningView,
  type Stage,
  tookSeconds,
  until,
  untilRunning,
  untilState,
  viewer,
  whose,
} from "./stage";
import { agentWorks, crossTheCap, editWhilePaused, openSecondTab } from "./stay-scenes";

/** Long enough that a counter which went on in the pause would be seen. */
const LONG_PAUSE_MS = 3_000;

export async function play(stage: Stage): Promise<void> {
  await openCold(stage);
  await count(stage);
  await beat(stage);
  await openSecondTab(stage);
  await leave(stage);
  await comeBack(stage);
  await agentWorks(stage);
  await editWhilePaused(stage);
  await crossTheCap(stage);
  await killFromOutside(stage);
  await comeBackToNothing(stage);
  await fallIdle(stage);
  await beForgotten(stage);
  stage.evidence.providerCalls = stage.cloud.e2b.calls();
}

async function openCold(stage: Stage): Promise<void> {
  const { narrator, rekindle } = stage;
  narrator.tell("open", "somebody opens the sample “counter” for the first time");
  const opened = await untilRunning(stage, await rekindle.open(viewer));
  const look = await lookAtCounter(stage, opened.url);
  stage.evidence.cold = { ...cameBack(opened), look };
  narrator.tell(
    "running",
    `built from its files in ${tookSeconds(opened)}; process ${look.pid}, ${opened.url}`,
    { view: opened },
  );
}

async function count(stage: Stage): Promise<void> {
  const view = await runningView(stage);
  await clickCounter(stage, view.url);
  const look = await lookAtCounter(stage, view.url);
  stage.evidence.counted = look;
  stage.evidence.processesWhileRunning = stage.cloud.e2b.countProcesses();
  stage.narrator.tell(
    "count",
    `one click; the counter in memory stands at ${look.ticks} ticks, ${look.clicks} click`,
    { look },
  );
}

async function beat(stage: Stage): Promise<void> {
  const { cloud, clock, narrator, rekindle } = stage;
  const { sandboxId } = await runningView(stage);
  // "Ready" brings a first sign of life of its own; only what comes after it is a beat's doing.
  await until(stage, "the first sign of life to be extended", async () =>
    completedRuns(cloud, `${appId}-${extendOnActivityId}`).at(0),
  );
  const before = await providerEnd(stage, sandboxId);
  const after = await until(stage, "the provider's end to move", async () => {
    await rekindle.beat(viewer);
    await sleep(clock, demoPolicy.beatEveryMs);
    const end = await providerEnd(stage, sandboxId);
    return end > before ? end : undefined;
  });
  stage.evidence.beat = { endAtBefore: before, endAtAfter: after };
  narrator.tell("beat", `beats moved the provider's end by ${((after - before) / 1000).toFixed(1)} s`, {
    before,
    after,
  });
}

async function leave(stage: Stage): Promise<void> {
  const { narrator, rekindle, clock } = stage;
  const view = await runningView(stage);
  const lookBefore = await lookAtCounter(stage, view.url);
  narrator.tell("leave", "the only viewer closes the tab");
  await rekindle.leave(viewer);
  const paused = await untilState(stage, "paused");
  const info = await providerInfo(stage, view.sandboxId);
  const status = await portStatus(stage, view.url);
  const pausedAtMs = info?.endAt.getTime() ?? 0;
  stage.evidence.pause = {
    reason: paused.reason.code,
    providerState: info?.state ?? "gone",
    portStatus: status,
    lookBefore,
    pausedAtMs,
  };
  narrator.tell(
    "paused",
    `memory and processes kept; the provider says ${info?.state}, the port answers ${status}`,
  );
  await sleep(clock, LONG_PAUSE_MS);
}

async function comeBack(stage: Stage): Promise<void> {
  const { narrator, rekindle } = stage;
  narrator.tell("return", "the viewer comes back");
  const view = await untilRunning(stage, await rekindle.open(viewer));
  const look = await lookAtCounter(stage, view.url);
  const info = await providerInfo(stage, view.sandboxId);
  const resumed = { ...cameBack(view), startedAtMs: info?.startedAt.getTime() ?? 0, look };
  stage.evidence.resumed = resumed;
  const { pause } = stage.evidence;
  const stillMs = pause ? stoodStillForMs({ pause, resumed }) : 0;
  narrator.tell(
    "running",
    `resumed in ${tookSeconds(view)}: process ${look.pid} stood still for ${(stillMs / 1000).toFixed(1)} s`,
    { look },
  );
}

async function killFromOutside(stage: Stage): Promise<void> {
  const { sandboxId, url } = await runningView(stage);
  await stage.cloud.e2b.cloud.killBehindTheBack(sandboxId);
  const providerKnowsIt = (await providerInfo(stage, sandboxId)) !== undefined;
  stage.evidence.killed = { sandboxId, providerKnowsIt, portStatus: await portStatus(stage, url) };
  stage.narrator.tell("killed", `somebody outside kills sandbox ${sandboxId}; nobody tells Rekindle`);
  await stage.rekindle.leave(viewer);
}

async function comeBackToNothing(stage: Stage): Promise<void> {
  const { narrator, rekindle } = stage;
  const before = stage.evidence.killed?.sandboxId;
  narrator.tell("return", "the viewer comes back to a preview whose sandbox is gone");
  await rekindle.open(viewer);
  // The record still says "running"; the first sign of life is extended at the provider, which finds the truth.
  await rekindle.beat(viewer);
  const view = await until(stage, "a rebuilt preview", async () => {
    const seen = running(await rekindle.status(whose));
    return seen && seen.sandboxId !== before ? seen : undefined;
  });
  const look = await lookAtCounter(stage, view.url);
  stage.evidence.rebuilt = { ...cameBack(view), look };
  narrator.tell("running", `rebuilt in ${tookSeconds(view)}; another sandbox, process ${look.pid}`, { look });
}

async function fallIdle(stage: Stage): Promise<void> {
  const { narrator } = stage;
  narrator.tell("idle", `the viewer falls asleep; nothing happens for ${demoPolicy.idleAfterMs / 1000} s`);
  const view = await untilState(stage, "paused");
  const info = view.sandboxId ? await providerInfo(stage, view.sandboxId) : undefined;
  stage.evidence.idle = { state: view.state, reason: view.reason.code, providerState: info?.state ?? "gone" };
  narrator.tell("paused", `by itself: ${view.reason.title}`);
}

async function beForgotten(stage: Stage): Promise<void> {
  const { narrator, rekindle, cloud, clock } = stage;
  const idleFunction = `${appId}-${pauseWhenIdleId}`;
  const reconcileFunction = `${appId}-${reconcilePreviewId}`;
  const runsBefore = new Set(cloud.inngest.engine.history().runs.map((run) => run.id));
  const newRuns = (functionId: string) =>
    completedRuns(cloud, functionId).filter((run) => !runsBefore.has(run.id));
  cloud.inngest.engine.pauseFunction(idleFunction);
  await untilRunning(stage, await rekindle.open(viewer));
  narrator.tell("forgotten", "opened again, but the function that pauses idle previews is switched off");
  await sleep(clock, demoPolicy.idleAfterMs + demoPolicy.healAfterMs + 1_000);
  const stateBefore = (await rekindle.status(whose)).state;
  await rekindle.requestSweep();
  const view = await untilState(stage, "paused");
  const info = view.sandboxId ? await providerInfo(stage, view.sandboxId) : undefined;
  const look = await until(stage, "the sweep's look to end", async () => newRuns(reconcileFunction).at(0));
  const output: unknown = look.output;
  stage.evidence.swept = {
    stateBefore,
    idleFunctionRuns: newRuns(idleFunction).length,
    action: hasAction(output) ? output.action : "none",
    state: view.state,
    providerState: info?.state ?? "gone",
  };
  narrator.tell("swept", "the sweep found it overdue and paused it");
}

const hasAction = (value: unknown): value is { action: string } =>
  typeof value === "object" && value !== null && "action" in value && typeof value.action === "string";
