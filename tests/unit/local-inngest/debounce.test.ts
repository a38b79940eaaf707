/** Debounce through the real SDK (inngest.md §2.2). */
import { describe, expect, it } from "vitest";
import { MINUTE, SECOND, START, simulate } from "./simulated-app";

const beat = (at: number, key = "p", ts?: number) => ({
  name: "user/active",
  data: { key, at },
  ...(ts === undefined ? {} : { ts }),
});

const debounced = (options: { period: "3s" | "15m"; timeout?: "8s" }, started: unknown[] = []) =>
  simulate((client) => [
    client.createFunction(
      { id: "idle", triggers: [{ event: "user/active" }], debounce: { key: "event.data.key", ...options } },
      async ({ event, events }) => {
        started.push(event.data.at);
        return { at: event.data.at, count: events.length };
      },
    ),
  ]);

describe("debounce", () => {
  it("starts one run about a second after the period since the last event, with the last event", async () => {
    const world = await debounced({ period: "15m" });
    for (const at of [0, 5, 10]) {
      await world.client.send(beat(at));
      await world.clock.advance(5 * MINUTE);
    }
    await world.clock.advance(10 * MINUTE);
    expect(world.runsOf("idle")).toEqual([]);
    await world.clock.advance(2 * SECOND);
    const runs = world.runsOf("idle");
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({ status: "Completed", output: { at: 10, count: 1 } });
    const trailingMs = (runs[0]?.queuedAt ?? 0) - (START + 10 * MINUTE + 15 * MINUTE);
    expect(trailingMs).toBeGreaterThanOrEqual(1000);
    expect(trailingMs).toBeLessThan(1500);
  });

  it("keeps a window for each key", async () => {
    const started: unknown[] = [];
    const world = await debounced({ period: "3s" }, started);
    await world.client.send(beat(1, "a"));
    await world.clock.advance(2 * SECOND);
    await world.client.send(beat(2, "b"));
    await world.clock.advance(3 * SECOND);
    expect(started).toEqual([1]);
    await world.clock.advance(2 * SECOND);
    expect(started).toEqual([1, 2]);
  });

  it("ignores an event that is older than the stored one and does not extend the window for it", async () => {
    const world = await debounced({ period: "3s" });
    await world.client.send(beat(1, "p", START));
    await world.clock.advance(2 * SECOND);
    await world.client.send(beat(2, "p", START - MINUTE));
    await world.clock.advance(2 * SECOND + 500);
    expect(world.runsOf("idle")[0]).toMatchObject({ output: { at: 1 } });
    expect(world.engine.history().events.find(({ ts }) => ts < START)?.consequences).toEqual([
      { kind: "ignored", functionId: "app-idle", reason: "debounce holds an event with a later ts" },
    ]);
  });

  it("closes at the timeout with the event it has then, and never loses the trailing event", async () => {
    const started: unknown[] = [];
    const world = await debounced({ period: "3s", timeout: "8s" }, started);
    for (let at = 1; at <= 13; at += 1) {
      await world.client.send(beat(at));
      await world.clock.advance(SECOND);
      if (at === 7) expect(started).toEqual([]);
    }
    expect(started).toHaveLength(1);
    await world.clock.advance(4 * SECOND);
    expect(started).toHaveLength(2);
    expect(started[1]).toBe(13);
  });

  it("starts again for an event id that has run before", async () => {
    const world = await debounced({ period: "3s" });
    for (let time = 0; time < 2; time += 1) {
      await world.client.send({ ...beat(time), id: "same" });
      await world.clock.advance(10 * SECOND);
    }
    expect(world.runsOf("idle").map(({ output }) => output)).toEqual([
      { at: 0, count: 1 },
      { at: 1, count: 1 },
    ]);
  });
});
