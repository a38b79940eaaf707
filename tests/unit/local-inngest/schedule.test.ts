/** Cron and operator controls through the real SDK (inngest.md §1.4, §2.1, §8). */
import { cron } from "inngest";
import { describe, expect, it } from "vitest";
import { DAY, HOUR, MINUTE, SECOND, START, simulate } from "./simulated-app";

describe("cron", () => {
  it("fires at every tick for a whole day, each with its scheduled time", async () => {
    const world = await simulate((client) => [
      client.createFunction(
        { id: "sweep", triggers: [cron("*/5 * * * *")] },
        async ({ event }) => event.data,
      ),
    ]);
    await world.clock.advance(DAY);
    const runs = world.runsOf("sweep");
    expect(runs).toHaveLength(288);
    expect(runs.every(({ status }) => status === "Completed")).toBe(true);
    expect(runs[0]?.queuedAt).toBe(START + 5 * MINUTE);
    expect(runs[0]?.output).toMatchObject({ cron: "*/5 * * * *", scheduledAt: "2026-01-01T00:05:00.000Z" });
  });

  it("keeps a time zone's wall clock over the change to summer time", async () => {
    const ticks: string[] = [];
    const world = await simulate((client) => [
      client.createFunction(
        { id: "nine", triggers: [cron("TZ=Europe/Berlin 0 9 * * *")] },
        async ({ event }) => {
          if ("scheduledAt" in event.data) ticks.push(String(event.data.scheduledAt));
        },
      ),
    ]);
    await world.clock.advance(Date.UTC(2026, 2, 28) - START);
    ticks.length = 0;
    await world.clock.advance(2 * DAY);
    expect(ticks).toEqual(["2026-03-28T08:00:00.000Z", "2026-03-29T07:00:00.000Z"]);
  });
});

describe("cron descriptors and jitter", () => {
  it("§1.4 @hourly falls due each hour, and jitter delays a tick by less than itself, by the seed", async () => {
    const jittered = { cron: "0 * * * *", jitter: "30s" };
    const world = await simulate((client) => [
      client.createFunction({ id: "hourly", triggers: [cron("@hourly")] }, async () => null),
      client.createFunction({ id: "spread", triggers: [jittered] }, async () => null),
    ]);
    await world.clock.advance(3 * HOUR + MINUTE);
    const offsets = (id: string) =>
      world.runsOf(id).map(({ queuedAt }, tick) => queuedAt - START - (tick + 1) * HOUR);
    expect(offsets("hourly")).toEqual([0, 0, 0]);
    const spread = offsets("spread");
    expect(spread).toHaveLength(3);
    expect(spread.every((offset) => offset >= 0 && offset < 30 * SECOND)).toBe(true);
    expect(new Set(spread).size).toBe(3);
  });
});

describe("operator controls", () => {
  const sleeper = () =>
    simulate((client) => [
      client.createFunction({ id: "sleeper", triggers: [{ event: "go" }] }, async ({ step, event }) => {
        await step.sleep("s", "1h");
        return event.data.n;
      }),
    ]);

  it("skips runs of a paused function and starts them again when resumed; runs under way go on", async () => {
    const world = await sleeper();
    await world.client.send({ name: "go", data: { n: 1 } });
    await world.clock.advance(SECOND);
    expect(world.engine.pauseFunction("app-sleeper")).toEqual({ kind: "done" });
    await world.client.send({ name: "go", data: { n: 2 } });
    await world.clock.advance(HOUR);
    world.engine.resumeFunction("app-sleeper");
    await world.client.send({ name: "go", data: { n: 3 } });
    await world.clock.advance(HOUR);
    expect(world.runsOf("sleeper").map(({ status }) => status)).toEqual([
      "Completed",
      "Skipped",
      "Completed",
    ]);
    expect(world.engine.pauseFunction("app-none").kind).toBe("refused");
  });

  it("cancels a run, once", async () => {
    const world = await sleeper();
    world.engine.sendEvent({ name: "go", data: { n: 1 } });
    await world.clock.advance(SECOND);
    const runId = world.runsOf("sleeper")[0]?.id ?? "";
    expect(world.engine.cancelRun(runId)).toEqual({ kind: "done" });
    expect(world.engine.cancelRun(runId).kind).toBe("refused");
    await world.clock.advance(2 * HOUR);
    expect(world.runsOf("sleeper")[0]?.status).toBe("Cancelled");
  });

  it("runs again with the same event under a new run id, past event-id deduplication (§8)", async () => {
    const world = await sleeper();
    world.engine.sendEvent({ name: "go", id: "fixed", data: { n: 1 } });
    await world.clock.advance(HOUR);
    const [first] = world.runsOf("sleeper");
    const outcome = world.engine.rerun(first?.id ?? "");
    await world.clock.advance(HOUR);
    expect(outcome.kind).toBe("started");
    expect(world.runsOf("sleeper").map(({ status, output }) => [status, output])).toEqual([
      ["Completed", 1],
      ["Completed", 1],
    ]);
  });

  it("leaves no timer and starts nothing more after stop", async () => {
    const world = await sleeper();
    await world.client.send({ name: "go", data: { n: 1 } });
    await world.clock.advance(SECOND);
    await world.engine.stop();
    expect(world.clock.pending).toBe(0);
    expect(() => world.engine.sendEvent({ name: "go" })).toThrow("stopped");
  });
});
