/** Singleton, idempotency, concurrency, throttle, timeouts, pausing through the real SDK (inngest.md §2.1 to §2.7). */
import { describe, expect, it } from "vitest";
import { DAY, HOUR, MINUTE, SECOND, START, simulate } from "./simulated-app";

describe("singleton", () => {
  const locked = (mode: "skip" | "cancel") =>
    simulate((client) => [
      client.createFunction(
        { id: "one", triggers: [{ event: "go" }], singleton: { key: "event.data.id", mode } },
        async ({ step, event }) => {
          await step.sleep("hold", "10m");
          return event.data.n;
        },
      ),
    ]);

  it("skip: records a second run of the key as Skipped while the first sleeps, and lets other keys run (§2.3)", async () => {
    const world = await locked("skip");
    await world.client.send({ name: "go", data: { id: "a", n: 1 } });
    await world.clock.advance(MINUTE);
    await world.client.send([
      { name: "go", data: { id: "a", n: 2 } },
      { name: "go", data: { id: "b", n: 3 } },
    ]);
    await world.clock.advance(HOUR);
    expect(world.runsOf("one").map(({ status, output }) => [status, output])).toEqual([
      ["Completed", 1],
      ["Skipped", null],
      ["Completed", 3],
    ]);
    await world.client.send({ name: "go", data: { id: "a", n: 4 } });
    await world.clock.advance(HOUR);
    expect(world.runsOf("one").at(-1)).toMatchObject({ status: "Completed", output: 4 });
  });

  it("keeps a key locked when a run of another key ends (§2.3)", async () => {
    const world = await simulate((client) => [
      client.createFunction(
        { id: "one", triggers: [{ event: "go" }], singleton: { key: "event.data.id", mode: "skip" } },
        async ({ step, event }) => step.sleep("hold", event.data.for),
      ),
    ]);
    await world.client.send([
      { name: "go", data: { id: "a", for: "1h" } },
      { name: "go", data: { id: "b", for: "1s" } },
    ]);
    await world.clock.advance(MINUTE);
    await world.client.send({ name: "go", data: { id: "a", for: "1s" } });
    await world.clock.advance(MINUTE);
    expect(world.runsOf("one").map(({ status }) => status)).toEqual(["Running", "Completed", "Skipped"]);
  });

  it("cancel: the newer run takes the lock and the older one ends as Cancelled (§2.3)", async () => {
    const world = await locked("cancel");
    await world.client.send({ name: "go", data: { id: "a", n: 1 } });
    await world.clock.advance(MINUTE);
    await world.client.send({ name: "go", data: { id: "a", n: 2 } });
    await world.clock.advance(HOUR);
    expect(world.runsOf("one").map(({ status, output }) => [status, output])).toEqual([
      ["Cancelled", null],
      ["Completed", 2],
    ]);
  });

  it("is off for an event whose key is missing (§2.3)", async () => {
    const world = await locked("skip");
    await world.client.send([
      { name: "go", data: { n: 1 } },
      { name: "go", data: { n: 2 } },
    ]);
    await world.clock.advance(HOUR);
    expect(world.runsOf("one").map(({ output }) => output)).toEqual([1, 2]);
  });
});

describe("idempotency", () => {
  it("starts one run for an event id in 24 hours, and one more after that (§2.6)", async () => {
    const world = await simulate((client) => [
      client.createFunction({ id: "plain", triggers: [{ event: "go" }] }, async () => null),
    ]);
    for (const wait of [0, 23 * HOUR, HOUR]) {
      await world.clock.advance(wait);
      await world.client.send({ name: "go", id: "same" });
      await world.clock.advance(0);
    }
    expect(world.runsOf("plain").map(({ queuedAt }) => (queuedAt - START) / HOUR)).toEqual([0, 24]);
    expect(world.engine.history().events.filter(({ id }) => id === "same")).toHaveLength(3);
  });

  it("starts one run for a key of the idempotency expression in 24 hours (§2.6)", async () => {
    const world = await simulate((client) => [
      client.createFunction(
        { id: "keyed", triggers: [{ event: "go" }], idempotency: "event.data.id + '-' + event.data.sha" },
        async () => null,
      ),
    ]);
    await world.client.send([
      { name: "go", data: { id: "a", sha: "1" } },
      { name: "go", data: { id: "a", sha: "1" } },
      { name: "go", data: { id: "a", sha: "2" } },
    ]);
    await world.clock.advance(0);
    expect(world.runsOf("keyed")).toHaveLength(2);
    await world.clock.advance(DAY);
    await world.client.send({ name: "go", data: { id: "a", sha: "1" } });
    await world.clock.advance(0);
    expect(world.runsOf("keyed")).toHaveLength(3);
  });

  it("gives a repeated send with the same seed the same ids, so that nothing starts twice (§3.7)", async () => {
    const world = await simulate((client) => [
      client.createFunction({ id: "plain", triggers: [{ event: "go" }] }, async () => null),
    ]);
    const send = async () => {
      const response = await world.fetch(`${world.url}/e/key`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-inngest-event-id-seed": "1,AAAAAAAAAAAAAA==" },
        body: JSON.stringify([
          { name: "go", data: {} },
          { name: "go", data: {} },
        ]),
      });
      return response.json();
    };
    const [first, second] = [await send(), await send()];
    await world.clock.advance(0);
    expect(second).toEqual(first);
    expect(new Set(first.ids).size).toBe(2);
    expect(world.runsOf("plain")).toHaveLength(2);
  });
});

describe("concurrency and throttle", () => {
  it("counts requests in flight, not sleeping runs (§2.7)", async () => {
    let inFlight = 0;
    let most = 0;
    const world = await simulate((client) => [
      client.createFunction(
        { id: "limited", triggers: [{ event: "go" }], concurrency: { key: "event.data.id", limit: 1 } },
        async ({ step }) => {
          await step.run("work", async () => {
            inFlight += 1;
            most = Math.max(most, inFlight);
            await new Promise((resolve) => setImmediate(resolve));
            inFlight -= 1;
          });
          await step.sleep("rest", "10m");
        },
      ),
    ]);
    await world.client.send([1, 2, 3].map(() => ({ name: "go", data: { id: "a" } })));
    await world.clock.advance(MINUTE);
    expect(most).toBe(1);
    expect(world.runsOf("limited").map(({ steps }) => steps.map(({ name }) => name))).toEqual([
      ["work", "rest"],
      ["work", "rest"],
      ["work", "rest"],
    ]);
  });

  it("throttle delays starts and drops none", async () => {
    const world = await simulate((client) => [
      client.createFunction(
        { id: "throttled", triggers: [{ event: "go" }], throttle: { limit: 1, period: "10s" } },
        async () => null,
      ),
    ]);
    await world.client.send([1, 2, 3].map(() => ({ name: "go" })));
    await world.clock.advance(20 * SECOND);
    const [first, ...rest] = world.runsOf("throttled").map(({ startedAt }) => startedAt ?? 0);
    expect(rest.map((at) => (at - (first ?? 0)) / SECOND)).toEqual([10, 20]);
  });
});

describe("timeouts", () => {
  it("finish cancels a run in its sleep and tells function.cancelled, not onFailure (§2.4)", async () => {
    const told: string[] = [];
    const world = await simulate((client) => [
      client.createFunction(
        {
          id: "slow",
          triggers: [{ event: "go" }],
          timeouts: { finish: "3s" },
          onFailure: async () => void told.push("failure"),
        },
        async ({ step }) => step.sleep("long", "1h"),
      ),
      client.createFunction(
        { id: "told", triggers: [{ event: "inngest/function.cancelled" }] },
        async ({ event }) => told.push(event.data.function_id),
      ),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(3 * SECOND);
    expect(world.runsOf("slow")[0]).toMatchObject({
      status: "Cancelled",
      reason: "timeouts.finish was reached",
    });
    expect(told).toEqual(["app-slow"]);
  });

  it("start cancels a run that waited too long for its first request", async () => {
    const world = await simulate((client) => [
      client.createFunction(
        {
          id: "late",
          triggers: [{ event: "go" }],
          throttle: { limit: 1, period: "1h" },
          timeouts: { start: "1m" },
        },
        async () => null,
      ),
    ]);
    await world.client.send([{ name: "go" }, { name: "go" }]);
    await world.clock.advance(2 * HOUR);
    expect(world.runsOf("late").map(({ status }) => status)).toEqual(["Completed", "Cancelled"]);
  });
});

describe("event time", () => {
  it("starts a run at the future ts of its event (§2.6)", async () => {
    const world = await simulate((client) => [
      client.createFunction({ id: "later", triggers: [{ event: "go" }] }, async () => null),
    ]);
    await world.client.send({ name: "go", ts: world.clock.now() + HOUR });
    await world.clock.advance(HOUR - 1);
    expect(world.calls).toHaveLength(0);
    await world.clock.advance(1);
    expect(world.runsOf("later")[0]?.status).toBe("Completed");
  });

  it("gives events without a ts of their own the engine's time, not the machine's", async () => {
    const world = await simulate((client) => [
      client.createFunction({ id: "now", triggers: [{ event: "go" }] }, async ({ event }) => event.ts),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(0);
    expect(world.runsOf("now")[0]?.output).toBe(world.clock.now());
  });
});
