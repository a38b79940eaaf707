/**
 * Owns that nothing is made without a look for what is there: E2B's create has no key by which a repeated one is known, so
 * the sandboxes of a preview are listed before each. A list that is older than all stalls together is no look.
 */
import { latestMs, longestStallMs, slowestMs } from "../kernel/faults";
import type { World } from "../world/world";
import type { Rule, Watch } from "./watch";

/** The longest stall of the creating call, of the one before it, and what it may take besides, or take effect later. */
const LONGEST_BETWEEN_MS = 2 * longestStallMs + slowestMs + latestMs;

export function listedBeforeMade(world: World, watch: Watch): Rule {
  let listedAt = Number.NEGATIVE_INFINITY;
  world.onApplied((site) => {
    if (site === "sandboxes.find") listedAt = world.clock.now();
  });
  return {
    name: "listed",
    changed({ sandbox: { sandboxId, metadata }, change }) {
      if (change.kind !== "created" || metadata.app !== "rekindle") return;
      if (world.clock.now() - listedAt > LONGEST_BETWEEN_MS)
        watch.report("listed", `${sandboxId} was made, and nobody had looked for one`);
    },
  };
}
