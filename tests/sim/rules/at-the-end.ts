/**
 * Owns I5, I6 and that wish and reality agree: once nothing disturbs any more and two sweeps have passed, whoever is there
 * has a running preview or a reason that names what a person can do, nothing else runs, and every record says what is so.
 */

import type { Scope } from "@/lib/ids";
import type { SandboxView } from "@/lib/local/e2b/semantics/sandbox-view";
import type { World } from "../world/world";
import { nameOf, type RawRecord, type Rule, type Watch } from "./watch";

/** Where a preview may stand when nothing is under way. */
const settled = ["absent", "running", "paused", "expired", "failed"];

export const isAnyUnderWay = (watch: Watch): boolean =>
  [...watch.records.values()].some(({ state = "absent" }) => !settled.includes(state));

export interface Present {
  /** Who is at which preview when the disturbances have ended. */
  readonly scopes: readonly Scope[];
}

export function recordsAgreeAtTheEnd(world: World, watch: Watch, present: Present): Rule {
  const isPresent = (name: string) => present.scopes.some((scope) => nameOf(scope) === name);
  return {
    name: "wanted",
    async healed() {
      const views = new Map(world.cloud.views().map((view) => [view.sandboxId, view]));
      for (const [name, record] of watch.records) {
        agrees(watch, name, record, record.sandboxId ? views.get(record.sandboxId)?.state : undefined);
        if (isPresent(name) && !isServed(record))
          watch.report("I6", `somebody is at ${name}, which is ${record.state} (${record.reason})`);
      }
      nothingElseRuns(watch, [...views.values()], isPresent);
    },
  };
}

function agrees(watch: Watch, name: string, record: RawRecord, found: string | undefined): void {
  const { state = "absent", reason, sandboxId } = record;
  if (!settled.includes(state))
    watch.report("I6", `${name} is ${state} (${reason}) although nothing is under way`);
  if (state === "running" && found !== "running")
    watch.report("wanted", `${name} is running and ${sandboxId} is ${found ?? "gone"}`);
  if (state === "paused" && found === undefined)
    watch.report("wanted", `${name} is paused and ${sandboxId} is gone`);
}

/** It runs, or says why not and what to do about it. */
const isServed = ({ state, waitingSince, refusedBecause }: RawRecord): boolean =>
  state === "running" || state === "failed" || waitingSince !== undefined || refusedBecause !== undefined;

function nothingElseRuns(
  watch: Watch,
  views: readonly SandboxView[],
  isPresent: (name: string) => boolean,
): void {
  const named = new Map([...watch.records].map(([name, { sandboxId }]) => [sandboxId, name]));
  for (const { sandboxId, state, metadata } of views) {
    if (state !== "running" || metadata.app !== "rekindle") continue;
    const name = named.get(sandboxId);
    if (name === undefined) watch.report("I5", `${sandboxId} runs, and no record names it`);
    else if (!isPresent(name)) watch.report("I5", `${sandboxId} runs for ${name}, where nobody is`);
  }
}
