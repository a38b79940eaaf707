/**
 * Owns living a life and what its runs remember: of each function that it shows, every run that differs from the others.
 * Fails at once when a function that it shows did not run, for then the life is of something else.
 */
import { isDeepStrictEqual } from "node:util";
import type { RecordedHistory } from "./history-files";
import type { Life } from "./lives/life";
import { recordedRun } from "./recorded-run";

export async function recordedLife({ name, shows, skips = 0, policy, live }: Life) {
  const world = await live();
  const { events } = world.engine.history();
  return shows.map((functionId) => {
    const histories: RecordedHistory[] = [];
    const begun = world
      .runsOf(functionId)
      .filter(({ status }) => status !== "Skipped" && status !== "Queued");
    for (const run of begun.slice(skips)) {
      const recorded = recordedRun(run, events, {
        life: name,
        number: histories.length + 1,
        policy,
      });
      const isKnown = histories.some((each) => isDeepStrictEqual({ ...recorded, run: each.run }, each));
      if (!isKnown) histories.push(recorded);
    }
    if (histories.length === 0) throw new Error(`${functionId} did not run in "${name}"`);
    return { functionId, histories };
  });
}
