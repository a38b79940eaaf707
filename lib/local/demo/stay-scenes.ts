/**
 * Owns the scenes in which the preview stays or changes while somebody does not look: a second tab, an agent at work with
 * nobody there, an edit while it rests, and the end of the plan's run. Each waits for what it claims and throws when it
 * does not come.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sleep } from "@/lib/clock";
import { lookAtCounter, pageOf } from "./counter-client";
import { demoPolicy } from "./demo-policy";
import {
  providerInfo,
  runningView,
  type Stage,
  tookSeconds,
  until,
  untilRunning,
  untilState,
  viewer,
  whose,
} from "./stage";

const pagePath = "public/index.html";
const byAgent = "Counter, edited by an agent";
const byPerson = "Counter, edited while it slept";

const productFile = ({ projectsFolder }: Stage) => join(projectsFolder, whose.projectId, pagePath);

export async function openSecondTab(stage: Stage): Promise<void> {
  const { narrator, rekindle, clock } = stage;
  const second = { ...whose, viewerId: "demo-second-tab" };
  await rekindle.open(second);
  const { viewers } = await rekindle.status(whose);
  narrator.tell("second tab", `opened in another tab, ${viewers} viewers; then the first one is closed`);
  await rekindle.leave(viewer);
  await sleep(clock, demoPolicy.graceAfterLeftMs + 1_000);
  const { state } = await rekindle.status(whose);
  await rekindle.open(viewer);
  await rekindle.leave(second);
  stage.evidence.secondTab = { viewers, stateAfterGrace: state };
  narrator.tell("stays", "a closed tab does not pause the other's");
}

export async function agentWorks(stage: Stage): Promise<void> {
  const { narrator, rekindle, clock } = stage;
  const { sandboxId } = await runningView(stage);
  await rekindle.leave(viewer);
  narrator.tell("agent", "everybody leaves, and an agent goes on working: it holds the preview");
  const hold = { key: "demo-agent", maxMs: 60_000 };
  const during = await rekindle.withSandbox(whose, hold, async ({ sandbox }) => {
    const page = await sandbox.files.read(`app/${pagePath}`);
    await sandbox.files.write(`app/${pagePath}`, page.replace(/<h1>[^<]*<\/h1>/, `<h1>${byAgent}</h1>`));
    await sleep(clock, demoPolicy.idleAfterMs + demoPolicy.graceAfterLeftMs);
    const { state, viewers } = await rekindle.status(whose);
    const info = await providerInfo(stage, sandboxId);
    return { state, viewers, providerState: info?.state ?? "gone" };
  });
  narrator.tell(
    "held",
    `longer than idleness and with ${during.viewers} viewers it still runs; the agent is done`,
  );
  const paused = await untilState(stage, "paused");
  const saved = (await readFile(productFile(stage), "utf8")).includes(byAgent);
  stage.evidence.agent = { ...during, reasonAfter: paused.reason.code, isSaved: saved };
  narrator.tell("saved", "it goes to rest, and the agent's edit stands in the product's own files");
}

export async function editWhilePaused(stage: Stage): Promise<void> {
  const { narrator, rekindle } = stage;
  const page = await readFile(productFile(stage), "utf8");
  await writeFile(productFile(stage), page.replace(byAgent, byPerson));
  const { state } = await rekindle.sync(whose);
  narrator.tell("edit", "somebody edits a file in the product while the preview rests; nothing is woken");
  const view = await untilRunning(stage, await rekindle.open(viewer));
  const before = stage.evidence.resumed?.look;
  await until(stage, "the edit to be in the preview", async () =>
    (await pageOf(stage, view.url)).includes(byPerson) ? true : undefined,
  );
  const look = await lookAtCounter(stage, view.url);
  stage.evidence.edited = { stateWhenEdited: state, isSameProcess: look.pid === before?.pid };
  narrator.tell("synced", `the edit came in at the wake, process ${look.pid} goes on`);
}

/** Long enough for the beats to find out and for the window before the end, short enough for a demo. */
const LEFT_OF_RUN_MS = 14_000;

export async function crossTheCap(stage: Stage): Promise<void> {
  const { narrator, rekindle, cloud, clock } = stage;
  const view = await runningView(stage);
  const before = await lookAtCounter(stage, view.url);
  const info = await providerInfo(stage, view.sandboxId);
  if (!info) throw new Error("the provider has no such sandbox");
  const ageMs = demoPolicy.maxRunMs - LEFT_OF_RUN_MS - (clock.now() - info.startedAt.getTime());
  cloud.e2b.cloud.ageRun(view.sandboxId, ageMs);
  narrator.tell(
    "an hour",
    `its run is made ${Math.round(ageMs / 60_000)} minutes older: the plan ends it in 14 s`,
  );
  const renewed = await until(stage, "the run to be renewed", async () => {
    const seen = await rekindle.beat(viewer);
    await sleep(clock, demoPolicy.beatEveryMs);
    return seen.state === "running" && seen.reason.code === "renewed" ? seen : undefined;
  });
  const look = await lookAtCounter(stage, view.url);
  const now = await providerInfo(stage, view.sandboxId);
  stage.evidence.renewed = {
    isSameSandbox: renewed.sandboxId === view.sandboxId,
    before,
    look,
    runBeforeMs: info.startedAt.getTime(),
    runAfterMs: now?.startedAt.getTime() ?? 0,
  };
  narrator.tell(
    "renewed",
    `paused and resumed in ${tookSeconds(renewed)}: process ${look.pid} outlives the plan's hour`,
  );
}
