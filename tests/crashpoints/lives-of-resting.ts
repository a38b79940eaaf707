/**
 * Owns the lives at whose end nobody is there: what somebody made in the sandbox must be kept, and nothing may run.
 */
import type { Life } from "./life";
import { mine, OPERATION, type Stage } from "./stage";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Opened, something made in it, and nobody there to see it. */
async function worked(stage: Stage): Promise<void> {
  await stage.openUntilReady(mine);
  stage.edit(mine);
  await stage.wait(5 * SECOND);
}

async function resting(stage: Stage): Promise<void> {
  await worked(stage);
  await stage.rest(mine);
}

/** Its sandbox is there with what was made in it, or the product has it. */
const isKept = ({ world }: Stage): readonly string[] =>
  world.work.pieces
    .filter(({ text, scope }) => !world.products.of(scope.projectId).everSaved().has(text))
    .filter(({ sandboxId }) => !world.cloud.views().some((view) => view.sandboxId === sandboxId))
    .map(({ text }) => `${text} is nowhere any more`);

const isSaved = ({ world }: Stage): readonly string[] =>
  world.work.pieces
    .filter(({ text, scope }) => !world.products.of(scope.projectId).everSaved().has(text))
    .map(({ text }) => `${text} was not given to the product`);

const isForgotten = (stage: Stage): readonly string[] => [
  ...stage.world.cloud.views().map(({ sandboxId }) => `${sandboxId} is still there`),
  ...(stage.record(mine).state === undefined ? [] : ["its record is still there"]),
];

const hasNoSandbox = ({ world }: Stage): readonly string[] =>
  world.cloud.views().map(({ sandboxId }) => `${sandboxId} is still there`);

const forget = (stage: Stage, what: { readonly userId: string; readonly projectId?: string }) => {
  const { projectId, userId } = what;
  const whose = projectId === undefined ? { userId } : { projectId, userId };
  stage.world.asked(projectId === undefined ? "forgetUser" : "forget", mine);
  return stage.insist("forget", ({ operator }) => operator.forget(whose));
};

const who = { on: true, by: "operator", why: "a look" } as const;

/** Asked by the trigger, of a preview in this state, as often as a person would. */
const operation = (
  name: string,
  before: (stage: Stage) => Promise<void>,
  trigger: (stage: Stage) => Promise<unknown>,
  wrong: (stage: Stage) => readonly string[] = isKept,
): Life => ({
  name,
  underTest: [OPERATION],
  before,
  trigger: async (stage) => {
    await trigger(stage);
  },
  lastsMs: 30 * SECOND,
  wrong,
});

export const livesOfResting: readonly Life[] = [
  {
    name: "idle",
    underTest: ["pause-when-idle"],
    async before(stage) {
      await worked(stage);
      await stage.wait(60 * SECOND);
    },
    trigger: async () => undefined,
    lastsMs: 3 * MINUTE,
    wrong: isKept,
    hasPairs: true,
  },
  {
    name: "leave",
    underTest: [OPERATION, "pause-on-leave"],
    before: worked,
    async trigger(stage) {
      await stage.leave(mine);
    },
    lastsMs: MINUTE,
    wrong: isKept,
    hasPairs: true,
  },
  {
    name: "rest-on-request",
    underTest: ["rest-on-request"],
    before: worked,
    trigger: async (stage) => stage.tell("preview/rest.requested", { ...mine, because: "asked" }),
    lastsMs: 30 * SECOND,
    wrong: isKept,
  },
  operation("pause", worked, (stage) => stage.insist("pause", ({ operator }) => operator.pause(mine))),
  operation(
    "kill",
    worked,
    (stage) => {
      stage.world.asked("kill", mine);
      return killUntilDone(stage);
    },
    hasNoSandbox,
  ),
  operation(
    "kill-once",
    worked,
    (stage) => {
      stage.world.asked("kill", mine);
      return stage.ask("kill", ({ operator }) => operator.kill(mine));
    },
    () => [],
  ),
  operation("forget", worked, (stage) => forget(stage, mine), isForgotten),
  operation("forget-resting", resting, (stage) => forget(stage, mine), isForgotten),
  operation("forget-user", worked, (stage) => forget(stage, { userId: mine.userId }), isForgotten),
  operation("save", worked, (stage) => stage.insist("save", (rekindle) => rekindle.save(mine)), isSaved),
  operation("sync-resting", resting, (stage) => stage.insist("sync", (rekindle) => rekindle.sync(mine))),
  operation("beat", worked, (stage) =>
    stage.ask("operation-beat", (rekindle) => rekindle.beat({ ...mine, viewerId: "bert" })),
  ),
  operation("hold-vanish", worked, (stage) =>
    stage.ask("hold", (rekindle) => rekindle.hold(mine, { key: "agent", maxMs: 2 * MINUTE })),
  ),
  operation("hold-resting-vanish", resting, (stage) =>
    stage.ask("hold", (rekindle) => rekindle.hold(mine, { key: "agent", maxMs: 2 * MINUTE })),
  ),
  operation(
    "release",
    async (stage) => {
      await worked(stage);
      await stage.ask("hold", (rekindle) => rekindle.hold(mine, { key: "agent", maxMs: 5 * MINUTE }));
      await stage.leave(mine);
    },
    (stage) => stage.insist("release", async (rekindle) => (await rekindle.release(mine, "agent")) ?? true),
  ),
  operation("lend", resting, (stage) =>
    stage.ask("lend", (rekindle) =>
      rekindle.withSandbox(mine, { key: "agent", maxMs: MINUTE }, async () => stage.edit(mine)),
    ),
  ),
  operation("suspend", worked, (stage) =>
    stage.insist("suspend", ({ operator }) => operator.suspend(mine.userId, "operator", "a look")),
  ),
  operation(
    "unsuspend",
    async (stage) => {
      await resting(stage);
      await stage.ask("suspend", ({ operator }) => operator.suspend(mine.userId, "operator", "a look"));
    },
    async (stage) => {
      await stage.insist("unsuspend", ({ operator }) => operator.unsuspend(mine.userId));
      await stage.open(mine);
    },
  ),
  operation("turn", worked, async (stage) => {
    await stage.insist("turn", ({ operator }) => operator.turn("hold-everything", who));
    await stage.insist("turn", ({ operator }) => operator.turn("hold-everything", { on: false }));
  }),
  operation("extend-by-operator", worked, (stage) =>
    stage.insist("extend", ({ operator }) => operator.extend(mine)),
  ),
  operation("sweep-by-operator", worked, (stage) =>
    stage.insist("sweep", ({ operator }) => operator.sweep()),
  ),
  operation("request-sweep", worked, (stage) =>
    stage.insist("requestSweep", async (rekindle) => (await rekindle.requestSweep()) ?? true),
  ),
  operation("audit-by-operator", worked, (stage) =>
    stage.insist("audit", ({ operator }) => operator.audit()),
  ),
];

/** Somebody else may be at work on it, which the answer says: one asks again in a minute. */
async function killUntilDone(stage: Stage): Promise<void> {
  const killIt = () => stage.insist("kill", ({ operator }) => operator.kill(mine));
  while ((await killIt())?.kind === "refused") await stage.wait(30 * SECOND);
}
