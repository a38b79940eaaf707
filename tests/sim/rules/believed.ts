/**
 * Owns that the record says of a sandbox only what was seen: one that is said to be gone is not there, one that was brought
 * to rest has rested, and what comes back from a pause is what was paused. It must never judge what somebody else changed
 * in between.
 */
import type { World } from "../world/world";
import { nameOf, type Rule, type Seen, type Watch } from "./watch";

export function onlyWhatWasSeen(world: World, watch: Watch): Rule {
  /** When each sandbox's life last changed. */
  const changedAt = new Map<string, number>();

  function gone({ scope, before, after }: Seen): void {
    const isNews = after.reason === "sandbox-gone" && before.sandboxId && !after.sandboxId;
    if (isNews && world.cloud.views().some(({ sandboxId }) => sandboxId === before.sandboxId))
      watch.report("believed", `${nameOf(scope)} says that ${before.sandboxId} is gone, and it is there`);
  }

  function rested({ scope, before, after }: Seen): void {
    const { sandboxId } = after;
    if (before.state !== "pausing" || after.state !== "paused" || !sandboxId) return;
    const runs = world.cloud.views().some((view) => view.sandboxId === sandboxId && view.state === "running");
    // Since before it was to be brought to rest: nobody has woken it again.
    if (runs && (changedAt.get(sandboxId) ?? 0) <= Number(before.changedAt))
      watch.report("believed", `${nameOf(scope)} says that ${sandboxId} rests, and it never did`);
  }

  function intact({ scope, before, after }: Seen): void {
    const { sandboxId = "" } = after;
    // A boot has brought the product's files into it.
    if (after.filesFor !== before.filesFor) world.work.mended(sandboxId);
    // Somebody else woke it, and may have changed what they liked: from then on nothing tells damage from that.
    const isRestedAgain =
      after.state === "paused" && before.sealHash !== undefined && after.sealHash === undefined;
    if (isRestedAgain) world.work.mended(sandboxId);
    const cameBack = before.state !== "running" && after.state === "running";
    if (cameBack && world.work.isDamaged(sandboxId))
      watch.report(
        "believed",
        `${nameOf(scope)} came back in ${sandboxId}, whose files are not what was paused`,
      );
  }

  return {
    name: "believed",
    changed({ sandbox: { sandboxId } }) {
      changedAt.set(sandboxId, world.clock.now());
    },
    seen(seen) {
      if (world.losses.count > 0) return;
      gone(seen);
      rested(seen);
      intact(seen);
    },
  };
}
