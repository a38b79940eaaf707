/**
 * Owns what is said when a run of today does not go through the committed steps: what changed, what it does to runs in
 * flight, and what to do. Pure.
 */
import { isSameRun, type RecordedHistory, shapeOf } from "./history-files";

/** A paragraph for each run that changed. */
export function stepChanges(
  functionId: string,
  committed: readonly RecordedHistory[],
  today: readonly RecordedHistory[],
): readonly string[] {
  const gone = committed.filter((old) => !today.some((now) => isSameRun(now, old)));
  const changed = today.flatMap((now) => {
    const old = committed.find((each) => isSameRun(each, now));
    const change = old ? changeOf(old, now) : "is not recorded yet";
    return change === undefined ? [] : [{ ...now, change }];
  });
  return [...gone.map((old) => ({ ...old, change: "did not happen any more" })), ...changed].map(
    ({ life, run, change }) => `${functionId}, run ${run} of "${life}": ${change}. ${whatToDo}`,
  );
}

/** What it means, and what to do about it. */
export const whatToDo =
  "Inngest finds what a run has done by the hash of its step's id, so a run that is in flight at the deploy does a step " +
  "whose id or order changed once more: a second sandbox, a second event. Keep the ids and their order. If the change is " +
  "meant, `npm run replay:record`, look at the difference in tests/replay/histories, and answer in " +
  "tests/replay/accepted.json for each id that was retired and each former history that no longer leads on.";

function changeOf(old: RecordedHistory, now: RecordedHistory): string | undefined {
  const before = [...shapeOf(old).steps, old.end];
  const after = [...shapeOf(now).steps, now.end];
  const at = Array.from({ length: Math.max(before.length, after.length) }, (_, index) => index).find(
    (index) => before[index] !== after[index],
  );
  if (at === undefined) return undefined;
  return `step ${at + 1} was "${before[at] ?? "none"}" and is "${after[at] ?? "none"}"`;
}
