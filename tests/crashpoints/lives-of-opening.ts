/**
 * Owns the lives in which something is opened, renewed, kept or brought its files: somebody is there in the end, and must
 * have a running preview or be shown a reason.
 */

import type { Life } from "./life";
import type { Planned } from "./planned";
import { productsOwn } from "./provider-acts";
import { mine, OPERATION, type Stage } from "./stage";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const openPreview = "open-preview";

/** Past the time from which on it may be renewed, the last sign of life a quiet while ago, and idle too late to do without it. */
async function quietNearTheEnd(stage: Stage): Promise<void> {
  await stage.openUntilReady(mine);
  for (let beats = 0; beats < 3; beats += 1) {
    await stage.wait(153 * SECOND);
    await stage.beat(mine);
  }
  await stage.wait(70 * SECOND);
}

const openAndStay = async (stage: Stage): Promise<void> => {
  stage.stay(mine);
  await stage.open(mine);
};

/** It came to run, since nothing that befell it is the project's own fault. */
const runs = (stage: Stage): readonly string[] =>
  stage.record(mine).state === "running"
    ? []
    : [`it is ${stage.record(mine).state} (${stage.record(mine).reason})`];

/**
 * What a lost answer or a dead worker leaves with the provider is found and taken, and no other made beside it. Who wakes
 * from a stall may make one more, which the claim then refuses.
 */
const madeOnce = ({ made }: Stage, faults: readonly Planned[]): readonly string[] =>
  made.length > 1 && !faults.some(({ fault }) => fault === "stall")
    ? [`${made.length} sandboxes were made where one would do`]
    : [];

export const livesOfOpening: readonly Life[] = [
  {
    name: "open-cold",
    underTest: [OPERATION, openPreview],
    before: async () => undefined,
    trigger: openAndStay,
    lastsMs: 30 * SECOND,
    wrong: (stage, faults) => [...runs(stage), ...madeOnce(stage, faults)],
    hasPairs: true,
  },
  {
    name: "open-resume",
    underTest: [OPERATION, openPreview],
    async before(stage) {
      await stage.openUntilReady(mine);
      await stage.rest(mine);
    },
    trigger: openAndStay,
    lastsMs: 30 * SECOND,
    wrong: runs,
    hasPairs: true,
  },
  {
    name: "open-rebuild",
    underTest: [OPERATION, openPreview],
    async before(stage) {
      await stage.openUntilReady(mine);
      await stage.rest(mine);
      await stage.world.cloud.killBehindTheBack(stage.sandboxOf(mine));
    },
    trigger: openAndStay,
    lastsMs: 30 * SECOND,
    wrong: runs,
  },
  {
    name: "open-warm",
    underTest: [OPERATION, openPreview],
    before: (stage) => stage.openUntilReady(mine),
    async trigger(stage) {
      stage.stay(mine, "bert");
      await stage.open(mine, "bert");
    },
    lastsMs: 30 * SECOND,
    wrong: runs,
  },
  {
    name: "open-and-vanish",
    underTest: [OPERATION, openPreview],
    before: async () => undefined,
    async trigger(stage) {
      await stage.ask("open", (rekindle) => rekindle.open({ ...mine, viewerId: "anna" }));
    },
    lastsMs: 30 * SECOND,
    wrong: madeOnce,
  },
  {
    name: "open-by-event",
    underTest: [openPreview],
    async before(stage) {
      await stage.openUntilReady(mine);
      await stage.rest(mine);
    },
    async trigger(stage) {
      stage.stay(mine);
      stage.tell("preview/requested", { ...mine });
    },
    lastsMs: 30 * SECOND,
    wrong: runs,
  },
  {
    name: "open-cold-by-event",
    underTest: [openPreview],
    before: async () => undefined,
    async trigger(stage) {
      stage.tell("preview/requested", { ...mine });
    },
    lastsMs: 30 * SECOND,
    wrong: madeOnce,
  },
  {
    name: "extend",
    underTest: ["extend-on-activity"],
    async before(stage) {
      await stage.openUntilReady(mine);
      await stage.wait(90 * SECOND);
    },
    async trigger(stage) {
      stage.stay(mine);
      await stage.beat(mine);
    },
    lastsMs: 30 * SECOND,
    wrong: runs,
  },
  {
    name: "renew",
    underTest: ["renew-run"],
    before: quietNearTheEnd,
    async trigger(stage) {
      stage.stay(mine, "anna", 100 * SECOND);
      const run = Number(stage.record(mine).runStartedAt);
      stage.tell("preview/renewal.due", { ...mine, run, at: stage.world.clock.now() });
    },
    lastsMs: 30 * SECOND,
    wrong: runs,
    hasPairs: true,
  },
  {
    name: "renew-at-the-latest",
    underTest: ["renew-run"],
    // No moment is quiet: it is warned of, and renewed all the same.
    async before(stage) {
      await stage.openUntilReady(mine);
      stage.stay(mine, "anna", 20 * SECOND);
      await stage.wait(7 * MINUTE + 30 * SECOND);
    },
    trigger: async () => undefined,
    lastsMs: 5 * MINUTE,
    wrong: runs,
  },
  {
    name: "sync",
    underTest: [OPERATION, "sync-preview"],
    async before(stage) {
      await stage.openUntilReady(mine);
      stage.stay(mine);
      const { products } = stage.world;
      products.of("p1").become({ ...products.of("p1").files(), "page.txt": "newer" });
    },
    async trigger(stage) {
      await stage.insist("sync", (rekindle) => rekindle.sync(mine));
    },
    lastsMs: 30 * SECOND,
    wrong: (stage) => [...runs(stage), ...hasText(stage, "page.txt", "newer")],
  },
  {
    name: "hold",
    underTest: [OPERATION, openPreview],
    async before(stage) {
      await stage.openUntilReady(mine);
      await stage.rest(mine);
    },
    async trigger(stage) {
      stage.stay(mine);
      await stage.insist("hold", (rekindle) => rekindle.hold(mine, { key: "agent", maxMs: 2 * MINUTE }));
    },
    lastsMs: 30 * SECOND,
    wrong: runs,
  },
  {
    name: "adopt",
    underTest: [OPERATION],
    before: async (stage) => productsOwn(stage),
    async trigger(stage) {
      stage.stay(mine);
      const [own] = stage.world.cloud.views();
      const sandbox = { sandboxId: String(own?.sandboxId), port: 3000 };
      const adoptIt = () => stage.ask("adopt", ({ operator }) => operator.adopt(mine, sandbox));
      while ((await adoptIt())?.kind !== "done") await stage.wait(20 * SECOND);
      await stage.open(mine);
    },
    lastsMs: 30 * SECOND,
    wrong: runs,
  },
];

function hasText(stage: Stage, path: string, text: string): readonly string[] {
  const found = stage.world.machines.fileText(stage.sandboxOf(mine), `app/${path}`);
  return found === text ? [] : [`${path} is "${found}" in the sandbox, not "${text}"`];
}
