/**
 * Pins the steps of the functions that wait: runs in flight meet newer code, and a step of a new name would be done
 * again. What @inngest/test cannot live through (its sleeps must be mocked) is read from the engine's own history.
 */
import { InngestTestEngine, mockCtx } from "@inngest/test";
import type { InngestFunction } from "inngest";
import { describe, expect, test, vi } from "vitest";
import { eventsOf } from "@/functions/announce";
import { pauseOnLeave } from "@/functions/pause-on-leave";
import { pauseWhenIdle } from "@/functions/pause-when-idle";
import { renewRun } from "@/functions/renew-run";
import { userActive, userLeft } from "@/inngest/events";
import { parseViewerId } from "@/lib/ids";
import { ageRunUntil } from "@/tests/support/old-run";
import { createWorld, MINUTE, SECOND, scope, type World } from "@/tests/support/world";

/**
 * Its steps by name; of those that wait, whether they ended within a second after what they waited for: Inngest sleeps
 * whole seconds.
 */
function stepsOf(world: World, functionId: string, dueAt: Readonly<Record<string, number>> = {}): string[] {
  const run = world.runsOf(functionId).at(-1);
  return (run?.steps ?? []).map(({ name, op, endedAt }) => {
    if (op !== "Sleep") return name;
    const lateMs = Number(endedAt) - Number(dueAt[name]);
    return lateMs >= 0 && lateMs < SECOND ? `${name} in time` : `${name} ${lateMs} ms late`;
  });
}

const iso = (at: number): string => new Date(at).toISOString();

/** The function until a step of it that waits, at this very millisecond: time stands still, and nothing is sent. */
async function until(
  world: World,
  fn: InngestFunction.Any,
  event: { name: string; data: object },
  id: string,
) {
  const engine = new InngestTestEngine({
    function: fn,
    events: [{ ...event, id: "e1", ts: world.clock.now() }],
    transformCtx: (context) => ({ ...mockCtx(context), runId: "01TESTRUN000000000000000" }),
    steps: [{ id: "warn-0", handler: () => ({ ids: ["1"] }) }],
  });
  const { step, ctx } = await world.begin(() => engine.executeStep(id));
  return { step, sent: vi.mocked(ctx.step.sendEvent).mock.calls.map(([sent]) => sent) };
}

/** A preview whose last use was so long ago. */
async function usedAgo(ms: number) {
  const world = await createWorld();
  await world.ready();
  const usedAt = String(world.clock.now() - ms);
  const key = `rekindle:test:preview:${world.store.previewIdOf(scope)}`;
  await world.redis.command("HSET", key, "lastActiveAt", usedAt, "readyAt", usedAt);
  return world;
}

describe("the watch over idleness", () => {
  test("goes through its steps by these names, and sleeps until the warning and until the deadline", async () => {
    const world = await createWorld();
    await world.ready();
    await world.advance(MINUTE);
    await world.beat();
    const deadline = Number((await world.record()).lastActiveAt) + world.policy.idleAfterMs;
    await world.advance(12 * MINUTE);

    const dueAt = { "until-0": deadline - world.policy.warnBeforeMs, "until-1": deadline };
    expect(stepsOf(world, "pause-when-idle", dueAt)).toEqual([
      "look-0",
      "until-0 in time",
      "look-1",
      "warn-1",
      "until-1 in time",
      "look-2",
      "announce",
    ]);
  });

  test.each([
    [-1, [], "the warning"],
    [0, ["warn-0"], "the deadline"],
    [1, ["warn-0"], "the deadline"],
  ])("at the time of the warning and %i ms sends %j and sleeps until %s", async (pastMs, sent, _until) => {
    const { policy } = await createWorld();
    const world = await usedAgo(policy.idleAfterMs - policy.warnBeforeMs + pastMs);

    const seen = await until(world, pauseWhenIdle(world.runtime), userActive.create({ ...scope }), "until-0");

    expect(seen.sent).toEqual(sent);
    expect(seen.step).toMatchObject({ op: "Sleep", name: sent.length > 0 ? "2m" : "1s" });
  });
});

describe("the renewal of a run", () => {
  const renewalAsked = (world: World, run: number, renewAt: number) =>
    eventsOf(scope, { kind: "near-cap", previewId: world.store.previewIdOf(scope), run, renewAt });

  test("goes through its steps by these names when no moment is quiet, and sleeps until each that matters", async () => {
    const world = await createWorld();
    await world.ready();
    await world.advance(5 * MINUTE);
    const { policy } = world;
    const { endsAt } = await ageRunUntil(world, policy.renewBeforeMs + 2 * MINUTE);
    await world.beatFor(10 * MINUTE);

    const dueAt = {
      "until-near": endsAt - policy.renewBeforeMs,
      "until-0": endsAt - policy.warnEndBeforeMs,
      "until-1": endsAt - policy.renewAtLatestMs,
    };
    expect(stepsOf(world, "renew-run", dueAt)).toEqual([
      "until-near in time",
      "look-0",
      "until-0 in time",
      "look-1",
      "warn-1",
      "until-1 in time",
      "look-2",
    ]);
  });

  test("begins with a sleep until the time of its event, and asks nothing before", async () => {
    const world = await createWorld();
    const at = world.clock.now() + 40 * MINUTE;

    const [event] = renewalAsked(world, world.clock.now(), at);
    if (!event) throw new Error("nothing asks for a renewal");
    const { step } = await until(world, renewRun(world.runtime), event, "until-near");

    expect(step).toMatchObject({ op: "Sleep", name: iso(at) });
    expect(world.faults.count("store.read")).toBe(0);
  });

  test("is asked for by an event whose id is the run's, so that it starts once for each", async () => {
    const world = await createWorld();
    const idOf = (run: number, renewAt: number) => renewalAsked(world, run, renewAt)[0]?.id;

    expect(idOf(1, 2)).toBe(`preview-renewal-${world.store.previewIdOf(scope)}-1`);
    expect([idOf(1, 3), idOf(2, 2)]).toEqual([idOf(1, 2), expect.not.stringMatching(String(idOf(1, 2)))]);
  });
});

describe("the pause after everybody left", () => {
  test("sleeps for the grace, and goes through its steps by these names", async () => {
    const world = await createWorld();
    await world.ready();
    await world.leave();
    await world.advance(world.policy.graceAfterLeftMs + 10 * SECOND);
    const steps = stepsOf(world, "pause-on-leave").map((step) => step.split(" ")[0]);

    const again = await createWorld();
    await again.ready();
    await again.store.touch(scope, { kind: "left", viewerId: parseViewerId("v1") });
    const seen = await until(again, pauseOnLeave(again.runtime), userLeft.create({ ...scope }), "grace");

    expect(steps).toEqual(["look", "grace", "pause-if-empty", "announce"]);
    expect(seen.step).toMatchObject({ op: "Sleep", name: "2m" });
  });
});

describe("an extension", () => {
  test("is one step, and asks for a renewal within it", async () => {
    const world = await createWorld();
    await world.ready();
    await ageRunUntil(world, world.policy.renewBeforeMs + MINUTE);
    world.emit("user/active");
    await world.advance(10 * SECOND);

    expect(stepsOf(world, "extend-on-activity")).toEqual(["extend"]);
    expect(world.runsOf("extend-on-activity").at(-1)).toMatchObject({
      output: { value: { kind: "near-cap" } },
    });
    expect(world.eventsNamed("preview/renewal.due")).toHaveLength(1);
  });

  test("that finds something else than the record asks for a look by this name", async () => {
    const world = await createWorld();
    const { sandboxId } = await world.ready();
    await world.cloud.pause(String(sandboxId));
    world.emit("user/active");
    await world.advance(10 * SECOND);

    expect(stepsOf(world, "extend-on-activity")).toEqual(["extend", "look-again"]);
  });
});
