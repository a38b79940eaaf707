/**
 * Owns what may be paid for: a running sandbox that no record names is gone within a bound (I7), one that nobody uses
 * rests within a bound, places are never given out twice, and calls stay within a budget (I8).
 */
import { fleetKeys } from "@/lib/store/keys";
import { environment, startAt, type World } from "../world/world";
import type { Rule, Watch } from "./watch";

/** The longest that a stalled or late call takes effect after it was made, in the fault model. */
const LONGEST_STALL_MS = 300_000;

export function orphansEnd(world: World, watch: Watch): Rule & { readonly longestMs: () => number } {
  const since = new Map<string, number>();
  const reported = new Set<string>();
  let longestMs = 0;
  const { policy, profile } = world;
  const boundMs =
    Math.min(policy.keepAliveMs, profile.auditEveryMs + policy.orphanGraceMs) +
    policy.leaseMs +
    LONGEST_STALL_MS;
  return {
    name: "I7",
    longestMs: () => longestMs,
    moment() {
      const named = new Set([...watch.records.values()].map(({ sandboxId }) => sandboxId));
      for (const { sandboxId, state, metadata } of world.cloud.views()) {
        const isOrphan = state === "running" && metadata.app === "rekindle" && !named.has(sandboxId);
        if (!isOrphan) {
          since.delete(sandboxId);
          continue;
        }
        const lived = world.clock.now() - (since.get(sandboxId) ?? world.clock.now());
        if (!since.has(sandboxId)) since.set(sandboxId, world.clock.now());
        longestMs = Math.max(longestMs, lived);
        if (lived > boundMs && !reported.has(sandboxId)) {
          reported.add(sandboxId);
          watch.report("I7", `${sandboxId} runs for nobody since ${lived} ms`);
        }
      }
    },
  };
}

export function placesAreNotGivenTwice(world: World, watch: Watch): Rule {
  const { places } = fleetKeys(environment);
  return {
    name: "capacity",
    async moment() {
      const counted = Number(await world.redis.command("ZCOUNT", places, `(${world.clock.now()}`, "+inf"));
      // What is adopted was made before, and may run already: its place is counted for that, and was given to nobody.
      const adopted = [...watch.records.values()].filter(
        ({ leaseKind, leaseUntil }) => leaseKind === "adopt" && Number(leaseUntil) > world.clock.now(),
      ).length;
      const taken = counted - adopted;
      if (taken > world.policy.planConcurrency)
        watch.report("capacity", `${taken} places are taken of ${world.policy.planConcurrency}`);
    },
  };
}

/** For each preview and minute, faults and their repetitions and operators who ask every few seconds included. */
const MOST_CALLS_PER_PREVIEW_MINUTE = 100;

/** In any one minute: what is begun and fails and is begun again at once shows here, and is lost in the whole. */
const MOST_CALLS_IN_ONE_MINUTE = 300;

export function callsStayWithinBudget(world: World, watch: Watch, previews: number): Rule {
  let [minute, calls] = [0, 0];
  world.onApplied(() => {
    const current = Math.floor(world.clock.now() / 60_000);
    if (current !== minute) [minute, calls] = [current, 0];
    calls += 1;
    if (calls === MOST_CALLS_IN_ONE_MINUTE * previews + 1)
      watch.report("I8", `more than ${calls - 1} calls in one minute for ${previews} previews`);
  });
  return {
    name: "I8",
    async healed() {
      const made = [...world.calls.made.values()].reduce((sum, calls) => sum + calls, 0);
      const minutes = (world.clock.now() - startAt) / 60_000;
      const each = made / minutes / previews;
      if (each > MOST_CALLS_PER_PREVIEW_MINUTE)
        watch.report("I8", `${each.toFixed(1)} calls for each preview and minute`);
    },
  };
}
