/** Runs that are in flight at a deploy go on as they began: whatever they remember of a committed history leads on. */
import { describe, expect, test } from "vitest";
import { createWorld } from "@/tests/support/world";
import { isAccepted, readAccepted, readHistories, recordedFunctions } from "./history-files";
import { replayerOf } from "./replayed-run";
import { whatToDo } from "./step-changes";

describe.each(recordedFunctions())("a run of %s", (functionId) => {
  const { histories, former } = readHistories(functionId);

  test("goes on with the recorded step, whatever it remembers, and does nothing outside of its steps", async () => {
    const world = await createWorld();
    const { replay } = replayerOf(world.runtime);

    const problems: string[] = [];
    for (const history of histories) problems.push(...(await replay(functionId, history)));

    expect(problems, whatToDo).toEqual([]);
    expect([...world.faults.calls.keys()]).toEqual([]);
  });

  test("that began before its steps were changed goes on too, unless somebody has answered for it", async () => {
    const world = await createWorld();
    const { replay } = replayerOf(world.runtime);
    const accepted = readAccepted();

    const problems: string[] = [];
    for (const history of former.filter((each) => !isAccepted(functionId, each, accepted)))
      problems.push(...(await replay(functionId, history)));

    expect(problems, whatToDo).toEqual([]);
  });
});
