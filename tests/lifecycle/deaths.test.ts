/**
 * A worker that dies, at each call of a port that an opening, a resume, a pause or a renewal makes: nothing stays in a
 * transition longer than its claim and two sweeps, nothing runs unseen, and nothing is built twice.
 */
import { describe, expect, test } from "vitest";
import { sandboxOf } from "@/lib/preview/record";
import { MINUTE, SECOND, type World } from "@/tests/support/world";
import { begin } from "./wishes/acts";
import { longestMs } from "./wishes/points";
import { brokenRules } from "./wishes/rules";
import { worldIn } from "./wishes/starts";
import type { Act, Start } from "./wishes/table";

const works: { work: string; act: Act; start: Start }[] = [
  { work: "an opening", act: "open", start: "absent" },
  { work: "a resume", act: "open", start: "paused" },
  { work: "a pause", act: "left", start: "running" },
  { work: "a renewal", act: "renewal", start: "near-end" },
];

describe.each(works)("a worker that dies in $work", ({ act, start }) => {
  test("at any call, leaves what a claim's end and two sweeps mend", async () => {
    const calls = await callsOf(act, start);
    expect(calls.length).toBeGreaterThan(3);
    for (const [index, call] of calls.entries()) {
      const world = await worldIn(start);
      const { epoch, ...record } = await world.record();
      const jobsBefore = world.machines.startedJobs.length;
      dieAt(world, index + 1);
      begin(world, act).catch(() => undefined);
      await world.advance(longestMs(world, act));
      await world.advance(world.policy.leaseMs + 2 * 5 * MINUTE);

      const broken = await brokenRules(world, {
        isKilled: false,
        startedWith: sandboxOf({ ...record, epoch }),
        jobsBefore,
        killed: [],
        epochs: [epoch],
      });
      const { state } = await world.record();
      expect({ call, index, state, broken }).toEqual({
        call,
        index,
        state: expect.stringMatching(/^(running|paused|absent)$/),
        broken: [],
      });
    }
  });
});

/** The names of the calls that the work makes, in order. */
async function callsOf(act: Act, start: Start): Promise<string[]> {
  const world = await worldIn(start);
  const calls: string[] = [];
  world.faults.interpose(async (call) => {
    calls.push(call);
  });
  begin(world, act).catch(() => undefined);
  await world.advance(longestMs(world, act) - SECOND);
  return calls;
}

/** Before the call of this number. */
function dieAt(world: World, number: number): void {
  let calls = 0;
  world.faults.interpose(async () => {
    calls += 1;
    if (calls !== number) return;
    world.faults.interpose(undefined);
    await world.faults.die();
  });
}
