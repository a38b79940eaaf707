/** rateLimit, throttle, priority and concurrency by key through the real SDK (inngest.md §2.1, §2.2, §2.7). */
import type { Inngest } from "inngest";
import { describe, expect, it } from "vitest";
import { gate, HOUR, MINUTE, SECOND, simulate } from "./simulated-app";

const outputs = (runs: readonly { output: unknown }[]) => runs.map(({ output }) => output);

describe("rateLimit", () => {
  const limited = (limit: number) => (client: Inngest) => [
    client.createFunction(
      {
        id: "limited",
        triggers: [{ event: "go" }],
        rateLimit: { limit, period: "1m", key: "event.data.id" },
      },
      async ({ event }) => event.data.n,
    ),
  ];

  it("§2.1 drops what comes beyond the limit within a period, for each key, and starts again after it", async () => {
    const world = await simulate(limited(2));
    const send = (id: string, n: number) => world.client.send({ name: "go", data: { id, n } });
    for (const n of [1, 2, 3]) await send("a", n);
    await send("b", 4);
    await world.clock.advance(MINUTE - 1);
    await send("a", 5);
    await world.clock.advance(1);
    await send("a", 6);
    await world.clock.advance(0);
    expect(outputs(world.runsOf("limited"))).toEqual([1, 2, 4, 6]);
    const dropped = world.engine
      .history()
      .events.flatMap(({ consequences }) =>
        consequences.flatMap((consequence) => (consequence.kind === "ignored" ? [consequence.reason] : [])),
      );
    expect(dropped).toEqual(Array(2).fill("rateLimit: the limit of this period is used up"));
  });

  it("§2.2 is judged before debounce, so that a debounced function runs with the first event", async () => {
    const world = await simulate((client) => [
      client.createFunction(
        {
          id: "both",
          triggers: [{ event: "go" }],
          rateLimit: { limit: 1, period: "1h" },
          debounce: { period: "10s" },
        },
        async ({ event }) => event.data.n,
      ),
    ]);
    for (const n of [1, 2, 3]) {
      await world.client.send({ name: "go", data: { n } });
      await world.clock.advance(SECOND);
    }
    await world.clock.advance(MINUTE);
    expect(outputs(world.runsOf("both"))).toEqual([1]);
  });

  it("§8 is passed by when an operator runs a run again", async () => {
    const world = await simulate(limited(1));
    await world.client.send({ name: "go", data: { id: "a", n: 1 } });
    await world.clock.advance(0);
    world.engine.rerun(world.runsOf("limited")[0]?.id ?? "");
    await world.clock.advance(0);
    expect(outputs(world.runsOf("limited"))).toEqual([1, 1]);
  });
});

describe("throttle", () => {
  it("§2.7 lets a burst start at once and spreads the rest evenly, for each key, in the order of arrival", async () => {
    const world = await simulate((client) => [
      client.createFunction(
        {
          id: "throttled",
          triggers: [{ event: "go" }],
          throttle: { limit: 2, period: "10s", burst: 3, key: "event.data.id" },
        },
        async ({ event }) => [event.data.n, world.elapsed()],
      ),
    ]);
    const events = [1, 2, 3, 4, 5].map((n) => ({ name: "go", data: { id: "a", n } }));
    await world.client.send([...events, { name: "go", data: { id: "b", n: 6 } }]);
    await world.clock.advance(MINUTE);
    expect(outputs(world.runsOf("throttled"))).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 5],
      [5, 10],
      [6, 0],
    ]);
  });
});

describe("concurrency", () => {
  it("§1.4 priority goes before what came earlier and waits, by its seconds, and negative lets others pass", async () => {
    const order: unknown[] = [];
    const { open, opened } = gate();
    const world = await simulate((client) => [
      client.createFunction(
        { id: "one", triggers: [{ event: "go" }], concurrency: 1, priority: { run: "event.data.priority" } },
        async ({ event }) => {
          if (event.data.n === 0) await opened;
          order.push(event.data.n);
        },
      ),
    ]);
    const jumps = [0, -10, null, 5, 120];
    await world.client.send(jumps.map((priority, n) => ({ name: "go", data: { n, priority } })));
    open();
    await world.clock.advance(0);
    expect(order).toEqual([0, 4, 3, 2, 1]);
  });

  it("§2.7 two limits hold together: one for each key, one for all keys", async () => {
    let inFlight: string[] = [];
    const seen: number[] = [];
    const world = await simulate((client) => [
      client.createFunction(
        {
          id: "two",
          triggers: [{ event: "go" }],
          concurrency: [{ limit: 2 }, { limit: 1, key: "event.data.id" }],
        },
        async ({ event }) => {
          inFlight.push(event.data.id);
          seen.push(inFlight.length);
          expect(new Set(inFlight).size).toBe(inFlight.length);
          await new Promise((resolve) => setImmediate(resolve));
          inFlight = inFlight.filter((id) => id !== event.data.id);
        },
      ),
    ]);
    await world.client.send(["a", "a", "b", "b", "c"].map((id) => ({ name: "go", data: { id } })));
    await world.clock.advance(0);
    expect(world.runsOf("two").map(({ status }) => status)).toEqual(Array(5).fill("Completed"));
    expect(Math.max(...seen)).toBe(2);
  });

  it("§1.4 a limit of the account's scope is shared by functions with the same key", async () => {
    const order: unknown[] = [];
    const { open, opened } = gate();
    const shared = { concurrency: { limit: 1, scope: "account", key: '"sandbox-api"' } } as const;
    const world = await simulate((client) => [
      client.createFunction({ id: "first", triggers: [{ event: "first" }], ...shared }, async () => {
        await opened;
        order.push("first");
      }),
      client.createFunction({ id: "second", triggers: [{ event: "second" }], ...shared }, async () => {
        order.push("second");
      }),
    ]);
    await world.client.send([{ name: "first" }, { name: "second" }]);
    await expect.poll(() => world.calls.length).toBe(1);
    expect(world.runsOf("second")[0]?.status).toBe("Queued");
    open();
    await world.clock.advance(0);
    expect(order).toEqual(["first", "second"]);
  });

  it("§2.4 a run that waits for a slot is cancelled like any other, and never starts", async () => {
    const { open, opened } = gate();
    const started: unknown[] = [];
    const world = await simulate((client) => [
      client.createFunction(
        {
          id: "queued",
          triggers: [{ event: "go" }],
          concurrency: 1,
          cancelOn: [{ event: "stop", match: "data.n" }],
        },
        async ({ event }) => {
          started.push(event.data.n);
          if (event.data.n === 1) await opened;
        },
      ),
    ]);
    await world.client.send([1, 2, 3].map((n) => ({ name: "go", data: { n } })));
    await expect.poll(() => started.length).toBe(1);
    await world.client.send({ name: "stop", data: { n: 2 } });
    open();
    await world.clock.advance(HOUR);
    expect(started).toEqual([1, 3]);
    expect(world.runsOf("queued").map(({ status }) => status)).toEqual([
      "Completed",
      "Cancelled",
      "Completed",
    ]);
  });
});
