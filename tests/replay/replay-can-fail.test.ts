/** The proofs about runs in flight can fail: known-bad changes to the shipping functions are reported, each one of them. */
import { describe, expect, test } from "vitest";
import { createWorld } from "@/tests/support/world";
import {
  familiesOf,
  familyOf,
  idProblems,
  isAccepted,
  type RecordedHistory,
  readHistories,
  recordedAnew,
  recordedFunctions,
} from "./history-files";
import { functionsWith, type Variant } from "./renamed-steps";
import { replayerOf } from "./replayed-run";
import { stepChanges } from "./step-changes";

/** The shortest history in which it comes, and how much is remembered there. */
function shortestWith(family: string, histories: readonly RecordedHistory[]) {
  const places = histories.flatMap((history) => {
    const remembered = history.steps.findIndex(({ id }) => familyOf(id) === family);
    return remembered < 0 ? [] : [{ history, remembered }];
  });
  return places.toSorted((one, other) => one.remembered - other.remembered)[0];
}

/** The ids of whose change nothing is said. */
async function missed(functionId: string, kind: Variant["kind"]): Promise<string[]> {
  const { runtime } = await createWorld();
  const { histories } = readHistories(functionId);
  const silent: string[] = [];
  for (const family of familiesOf(histories)) {
    const place = shortestWith(family, histories);
    if (!place) throw new Error(`no history has ${family}`);
    const { replayFrom } = replayerOf(runtime, functionsWith({ kind, family }));
    const problems = await replayFrom(functionId, place.history, place.remembered);
    if (problems.length === 0) silent.push(family);
  }
  return silent;
}

describe.each(recordedFunctions())("in %s", (functionId) => {
  test.each([["renamed"], ["dropped"], ["preceded"]] as const)(
    "a step that is %s is reported, whichever it is",
    async (kind) => {
      expect(await missed(functionId, kind)).toEqual([]);
    },
  );
});

test("nothing is reported of functions that are handed another step and change none", async () => {
  const { runtime } = await createWorld();
  const { replay } = replayerOf(runtime, functionsWith({ kind: "renamed", family: "of-no-function" }));

  for (const functionId of recordedFunctions()) {
    const [history] = readHistories(functionId).histories;
    if (!history) throw new Error(`${functionId} has no history`);
    expect(await replay(functionId, history)).toEqual([]);
  }
});

const step = (id: string) => ({ id, op: "run" as const, result: { kind: "ok" } });
const aHistory = (...ids: string[]): RecordedHistory => ({
  life: "a life",
  run: 1,
  event: { name: "preview/requested", data: {} },
  steps: ids.map(step),
  end: "completed",
});
const committed = { ids: ["claim", "poll-#"], histories: [aHistory("claim", "poll-0")], former: [] };

test("a life of today that has another id, another order, a step more or less, or no recording, is reported", () => {
  const reported = (today: readonly RecordedHistory[]) =>
    stepChanges("open-preview", committed.histories, today);

  expect(reported([aHistory("claim", "poll-0")])).toEqual([]);
  expect(reported([aHistory("claim", "look-0")])[0]).toContain('step 2 was "run poll-0" and is "run look-0"');
  expect(reported([aHistory("poll-0", "claim")])[0]).toContain('step 1 was "run claim" and is "run poll-0"');
  expect(reported([aHistory("claim")])[0]).toContain('step 2 was "run poll-0" and is "completed"');
  expect(reported([aHistory("claim", "poll-0", "poll-1")])[0]).toContain('step 3 was "completed"');
  expect(reported([])[0]).toContain("did not happen any more");
  expect(reported([aHistory("claim", "poll-0"), { ...aHistory("claim"), run: 2 }])[0]).toContain(
    "not recorded",
  );
});

test("recording again hides nothing: what was renamed has to be answered for, by its id or by its history", () => {
  const again = recordedAnew(committed, [aHistory("claim", "look-0")], "2026-12-01");
  const because = { at: "2026-12-01", why: "No run of it is in flight for longer than a minute." };
  const retired = { function: "open-preview", what: { retired: "poll-#" }, ...because };

  expect(again.ids).toEqual(["claim", "look-#", "poll-#"]);
  expect(idProblems("open-preview", again, [])).toEqual([expect.stringContaining('"poll-#"')]);
  expect(idProblems("open-preview", again, [retired])).toEqual([]);
  const [former] = again.former;
  if (!former) throw new Error("the former history is lost");
  expect(isAccepted("open-preview", former, [])).toBe(false);
  expect(isAccepted("open-preview", former, [retired])).toBe(true);
  expect(isAccepted("renew-run", former, [retired])).toBe(false);
});

test("recording again keeps what is only in another order, and an id that came back after it was retired is reported", () => {
  const again = recordedAnew(committed, [aHistory("poll-0", "claim")], "2026-12-01");
  const retired = { retired: "claim" };
  const accepted = [
    { function: "open-preview", what: retired, at: "2026-12-01", why: "It is asked for no more." },
  ];

  expect(again.former).toMatchObject([{ until: "2026-12-01", steps: [{ id: "claim" }, { id: "poll-0" }] }]);
  expect(idProblems("open-preview", again, accepted)).toEqual([expect.stringContaining("used again")]);
});

test("recording again what did not change adds nothing", () => {
  expect(recordedAnew(committed, committed.histories, "2026-12-01")).toEqual(committed);
});
