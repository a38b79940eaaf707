/** What follows from answers and checkpoints, as data (inngest.md §1.8, §2.9, §3.5). */
import { describe, expect, it } from "vitest";
import type { Operation } from "@/lib/local/inngest/protocol";
import { applyCheckpoint, applyOperations, firstCall, freshRun } from "@/lib/local/inngest/run";

const ran = (id: string): Operation => ({ id, op: "StepRun", data: id });
const discovery = { kind: "call", call: { stepId: "step", attempt: 0, mustPlan: false } };

describe("answers", () => {
  it("§1.8 several steps in one answer, from checkpoints that came to nothing, lead to one look at what comes next", () => {
    const { state, effects } = applyOperations(freshRun, firstCall, [ran("a"), ran("b")], 2);
    expect(effects).toEqual([discovery]);
    expect(state.stack).toEqual(["a", "b"]);
  });

  it("§1.8 a step that a checkpoint brought before is not remembered twice, and the run goes on", () => {
    const known = applyCheckpoint(freshRun, [ran("a")]);
    expect(known.effects).toEqual([]);
    const { state, effects } = applyOperations(
      known.state,
      firstCall,
      [{ id: "a", op: "StepRun", data: "other" }],
      2,
    );
    expect(effects).toEqual([discovery]);
    expect(state).toMatchObject({ steps: { a: { data: "a" } }, stack: ["a"] });
  });

  it("§1.8 buffered steps before the end of the run start nothing more", () => {
    const end: Operation = { id: "end", op: "RunComplete", data: 1 };
    expect(applyOperations(freshRun, firstCall, [ran("a"), end], 2).effects).toEqual([
      { kind: "complete", output: 1 },
    ]);
  });

  it("§3.5 a checkpoint of anything but a step that ran fails the run", () => {
    const sleep: Operation = { id: "s", op: "Sleep", name: "1m" };
    expect(applyCheckpoint(freshRun, [sleep]).effects).toEqual([
      {
        kind: "fail",
        error: expect.objectContaining({ message: expect.stringContaining("checkpointed a Sleep") }),
      },
    ]);
  });

  it("§2.9 a run has at most 1000 steps, whichever way they come", () => {
    const steps = Array.from({ length: 1000 }, (_, n) => ran(`s${n}`));
    const full = applyCheckpoint(freshRun, steps);
    expect(full.effects).toEqual([]);
    const tooMany = [
      { kind: "fail", error: expect.objectContaining({ message: "the run has more than 1000 steps" }) },
    ];
    expect(applyCheckpoint(full.state, [ran("one more")]).effects).toEqual(tooMany);
    expect(applyOperations(full.state, firstCall, [ran("one more")], 2).effects).toEqual(tooMany);
  });
});
