/**
 * Owns the lives in which something is not as it should be, and a function that heals is under test: what the provider did
 * by itself, what a run left half done, who waits for a place.
 */
import type { Life } from "./life";
import { changeOf, stray } from "./provider-acts";
import { mine, other, type Stage } from "./stage";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const openPreview = "open-preview";
const reconcile = "reconcile-preview";

const checkIsDue = async (stage: Stage): Promise<void> => stage.tell("preview/check.due", { ...mine });

async function usedAndThenPausedBehindTheBack(stage: Stage): Promise<void> {
  await stage.openUntilReady(mine);
  stage.stay(mine);
  await stage.world.cloud.pause(stage.sandboxOf(mine));
}

async function usedAndThenKilledBehindTheBack(stage: Stage): Promise<void> {
  await stage.openUntilReady(mine);
  stage.stay(mine);
  await stage.world.cloud.killBehindTheBack(stage.sandboxOf(mine));
}

/** Who is there has a running preview, since nothing that befell it is the project's own fault. */
function runs(stage: Stage): readonly string[] {
  const { state, reason } = stage.record(mine);
  return state === "running" ? [] : [`somebody is there, and it is ${state} (${reason})`];
}

/** Its sandbox is given up: all that was in it is with the product. */
const isLetGo = (stage: Stage): readonly string[] =>
  stage.world.cloud.views().map(({ sandboxId, state }) => `${sandboxId} is still there, ${state}`);

export const livesOfHealing: readonly Life[] = [
  {
    name: "apply-event",
    underTest: ["apply-sandbox-event"],
    before: usedAndThenPausedBehindTheBack,
    trigger: async (stage) => stage.tell("e2b/sandbox.changed", changeOf(stage, mine, "paused")),
    lastsMs: 30 * SECOND,
    wrong: runs,
  },
  {
    name: "apply-event-killed",
    underTest: ["apply-sandbox-event", openPreview],
    before: usedAndThenKilledBehindTheBack,
    trigger: async (stage) => stage.tell("e2b/sandbox.changed", changeOf(stage, mine, "killed")),
    lastsMs: 30 * SECOND,
    wrong: runs,
  },
  {
    name: "reconcile-paused",
    underTest: [reconcile],
    before: usedAndThenPausedBehindTheBack,
    trigger: checkIsDue,
    lastsMs: 30 * SECOND,
    wrong: runs,
  },
  {
    name: "reconcile-killed",
    underTest: [reconcile, openPreview],
    before: usedAndThenKilledBehindTheBack,
    trigger: checkIsDue,
    lastsMs: 30 * SECOND,
    wrong: runs,
  },
  {
    name: "reconcile-woken",
    underTest: [reconcile],
    async before(stage) {
      await stage.openUntilReady(mine);
      await stage.rest(mine);
      await stage.world.cloud.connect(stage.sandboxOf(mine), 300);
      await stage.wait(5 * SECOND);
    },
    trigger: checkIsDue,
    lastsMs: MINUTE,
  },
  {
    name: "retire",
    underTest: [reconcile],
    policy: { retentionMs: 2 * MINUTE, retentionRetryMs: MINUTE },
    async before(stage) {
      await stage.openUntilReady(mine);
      stage.edit(mine);
      await stage.rest(mine);
      await stage.wait(2 * MINUTE + 10 * SECOND);
    },
    trigger: checkIsDue,
    lastsMs: MINUTE,
    wrong: isLetGo,
  },
  {
    name: "sweep",
    underTest: ["sweep-previews", reconcile],
    before: usedAndThenPausedBehindTheBack,
    trigger: async (stage) => stage.tell("preview/sweep.requested", {}),
    lastsMs: MINUTE,
    wrong: runs,
  },
  {
    name: "audit",
    underTest: ["audit-sandboxes"],
    policy: { orphanGraceMs: 2 * MINUTE },
    async before(stage) {
      await stage.openUntilReady(mine);
      await stray(stage, mine);
      await stray(stage, other);
      await stage.rest(mine);
      await stage.wait(2 * MINUTE);
    },
    trigger: async (stage) => stage.tell("preview/audit.requested", {}),
    lastsMs: MINUTE,
  },
  {
    name: "recover",
    underTest: ["recover-preview"],
    async before(stage) {
      const { calls } = stage.world;
      // The opening dies each time that it comes to its first create.
      calls.scripted = (site) => (site === "sandboxes.create" ? "crash-before" : undefined);
      await stage.open(mine);
      while (!stage.runs.outcomes.has(openPreview)) await stage.wait(SECOND / 10);
      calls.scripted = undefined;
    },
    trigger: async () => undefined,
    lastsMs: 30 * SECOND,
  },
  {
    name: "recover-line",
    underTest: ["recover-preview", "serve-line"],
    policy: { planConcurrency: 1 },
    async before(stage) {
      await someoneWaits(stage);
      stage.tell("inngest/function.failed", {
        function_id: "rekindle-serve-line",
        run_id: "gone",
        event: { name: "preview/line.waiting", data: {}, id: "gone", ts: stage.world.clock.now() },
      });
    },
    trigger: async () => undefined,
    lastsMs: 30 * SECOND,
    wrong: runs,
  },
  {
    name: "serve-line",
    underTest: ["serve-line", openPreview],
    policy: { planConcurrency: 1 },
    before: someoneWaits,
    async trigger(stage) {
      await stage.leave(other);
    },
    lastsMs: 90 * SECOND,
    wrong: runs,
  },
  {
    name: "evict",
    underTest: ["serve-line", "rest-on-request"],
    policy: { planConcurrency: 1, evictAfterMs: 60 * SECOND, emitEveryMs: 75 * SECOND },
    async before(stage) {
      await stage.openUntilReady(other);
      await stage.wait(30 * SECOND);
      await stage.open(mine);
      stage.stay(mine);
    },
    trigger: async () => undefined,
    lastsMs: 90 * SECOND,
    wrong: runs,
  },
];

async function someoneWaits(stage: Stage): Promise<void> {
  await stage.openUntilReady(other);
  await stage.open(mine);
  stage.stay(mine);
  await stage.wait(15 * SECOND);
}
