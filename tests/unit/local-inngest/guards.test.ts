/** What keeps runs out or cancels them, through the real SDK (inngest.md §2.1 to §2.6). */
import type { Inngest } from "inngest";
import { serve } from "inngest/edge";
import { describe, expect, it } from "vitest";
import { IN_PROCESS_APP } from "@/lib/local/inngest/start-inngest";
import { inProcessTransport } from "@/lib/local/inngest/transport";
import { DAY, emptyWorld, gate, HOUR, MINUTE, SECOND, simulate } from "./simulated-app";

describe("singleton", () => {
  it("§2.3 cancel: the old run's step in flight runs to its end after the new run's start, and its output is lost", async () => {
    const order: string[] = [];
    const { open, opened } = gate();
    const world = await simulate((client) => [
      client.createFunction(
        { id: "one", triggers: [{ event: "go" }], singleton: { mode: "cancel" } },
        async ({ step, event }) => {
          await step.run("work", async () => {
            order.push(`start ${event.data.n}`);
            if (event.data.n === 1) await opened;
            order.push(`end ${event.data.n}`);
          });
          await step.run("after", () => void order.push(`after ${event.data.n}`));
        },
      ),
    ]);
    await world.client.send({ name: "go", data: { n: 1 } });
    await expect.poll(() => order).toEqual(["start 1"]);
    await world.client.send({ name: "go", data: { n: 2 } });
    await expect.poll(() => order).toContain("after 2");
    open();
    await world.clock.advance(HOUR);
    expect(order).toEqual(["start 1", "start 2", "end 2", "after 2", "end 1"]);
    expect(world.runsOf("one").map(({ status, steps }) => [status, steps.length])).toEqual([
      ["Cancelled", 0],
      ["Completed", 2],
    ]);
  });

  it("§2.2 skip is judged when a debounce window closes: the event is dropped if a run is active then", async () => {
    const world = await simulate((client) => [
      client.createFunction(
        {
          id: "both",
          triggers: [{ event: "go" }],
          debounce: { period: "10s" },
          singleton: { mode: "skip" },
        },
        async ({ step }) => step.sleep("long", "1m"),
      ),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(20 * SECOND);
    await world.client.send({ name: "go" });
    await world.clock.advance(HOUR);
    expect(world.runsOf("both").map(({ status }) => status)).toEqual(["Completed", "Skipped"]);
  });
});

describe("idempotency", () => {
  it("§2.6 starts nothing for a key whose run has failed, until a day is over", async () => {
    const world = await simulate((client) => [
      client.createFunction(
        { id: "once", retries: 0, triggers: [{ event: "go" }], idempotency: "event.data.id" },
        async () => {
          throw new Error("no");
        },
      ),
    ]);
    const send = () => world.client.send({ name: "go", data: { id: "a" } });
    await send();
    await world.clock.advance(DAY - 1);
    await send();
    await world.clock.advance(1);
    await send();
    await world.clock.advance(0);
    expect(world.runsOf("once").map(({ status }) => status)).toEqual(["Failed", "Failed"]);
  });
});

describe("cancelOn", () => {
  const cancellable = (cancelOn: object) => (client: Inngest) => [
    client.createFunction(
      { id: "long", triggers: [{ event: "go" }], cancelOn: [{ event: "stop", ...cancelOn }] },
      async ({ step }) => step.sleep("long", "1d"),
    ),
  ];

  it("§2.4 a pause with a timeout cancels no more after it", async () => {
    const world = await simulate(cancellable({ timeout: "1h" }));
    await world.client.send({ name: "go" });
    await world.clock.advance(HOUR + 1);
    await world.client.send({ name: "stop" });
    await world.clock.advance(2 * DAY);
    expect(world.runsOf("long")[0]?.status).toBe("Completed");
  });

  it("§2.4 without match or if any event of the name cancels every run of the function", async () => {
    const world = await simulate(cancellable({}));
    await world.client.send([{ name: "go" }, { name: "go" }]);
    await world.clock.advance(MINUTE);
    await world.client.send({ name: "stop" });
    await world.clock.advance(0);
    expect(world.runsOf("long").map(({ status }) => status)).toEqual(["Cancelled", "Cancelled"]);
  });

  it("§2.4 a run's own trigger does not cancel it, but the next one does", async () => {
    const world = await simulate((client) => [
      client.createFunction(
        { id: "restart", triggers: [{ event: "go" }], cancelOn: [{ event: "go", match: "data.id" }] },
        async ({ step }) => step.sleep("long", "1h"),
      ),
    ]);
    await world.client.send({ name: "go", data: { id: 1 } });
    await world.clock.advance(SECOND);
    expect(world.runsOf("restart").map(({ status }) => status)).toEqual(["Running"]);
    await world.client.send({ name: "go", data: { id: 1 } });
    await world.clock.advance(2 * HOUR);
    expect(world.runsOf("restart").map(({ status }) => status)).toEqual(["Cancelled", "Completed"]);
  });

  it("§2.4 runs under way keep the cancels they were born with when the app registers anew", async () => {
    const world = emptyWorld(() => []);
    const serving = (cancelOn: object) =>
      inProcessTransport(serve({ client: world.client, functions: cancellable(cancelOn)(world.client) }));
    let served = serving({ if: "async.data.version == 1" });
    await world.engine.connectApp({
      url: IN_PROCESS_APP,
      transport: (request) => served(request),
      resyncEveryMs: null,
    });
    await world.client.send({ name: "go" });
    await world.clock.advance(SECOND);
    served = serving({ if: "async.data.version == 2" });
    expect((await world.engine.syncNow())[0]?.kind).toBe("registered");
    await world.client.send({ name: "go" });
    await world.clock.advance(SECOND);
    await world.client.send({ name: "stop", data: { version: 2 } });
    await world.clock.advance(SECOND);
    expect(world.runsOf("long").map(({ status }) => status)).toEqual(["Running", "Cancelled"]);
    await world.client.send({ name: "stop", data: { version: 1 } });
    await world.clock.advance(SECOND);
    expect(world.runsOf("long").map(({ status }) => status)).toEqual(["Cancelled", "Cancelled"]);
  });
});

describe("an if that cannot be judged", () => {
  const NUMBER_AND_TEXT = "async.data.n > 1";
  const errors = (world: { logged: readonly { level: string; message: string }[] }) =>
    world.logged.flatMap(({ level, message }) => (level === "error" ? [message] : []));

  it("§2.1 of a trigger starts nothing, once, and is logged and noted at the event", async () => {
    const world = await simulate((client) => [
      client.createFunction(
        { id: "f", triggers: [{ event: "go", if: "event.data.text" }] },
        async () => null,
      ),
    ]);
    await world.client.send({ name: "go", data: { text: "not boolean" } });
    await world.clock.advance(HOUR);
    expect(world.runsOf("f")).toEqual([]);
    expect(errors(world)).toEqual(["A trigger's if could not be judged"]);
    expect(world.engine.history().events[0]?.consequences).toEqual([
      { kind: "ignored", functionId: "app-f", reason: "trigger if: it is not boolean" },
    ]);
  });

  it("§2.4 of a cancelOn cancels nothing and is logged", async () => {
    const world = await simulate((client) => [
      client.createFunction(
        { id: "f", triggers: [{ event: "go" }], cancelOn: [{ event: "stop", if: NUMBER_AND_TEXT }] },
        async ({ step }) => step.sleep("s", "1m"),
      ),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(SECOND);
    await world.client.send({ name: "stop", data: { n: "two" } });
    await world.clock.advance(MINUTE);
    expect(world.runsOf("f")[0]?.status).toBe("Completed");
    expect(errors(world)).toEqual(["A cancelOn's if could not be judged"]);
  });

  it("§2.5 of a wait leaves it waiting and is logged", async () => {
    const world = await simulate((client) => [
      client.createFunction({ id: "f", triggers: [{ event: "go" }] }, async ({ step }) =>
        step.waitForEvent("w", { event: "reply", timeout: "1m", if: NUMBER_AND_TEXT }),
      ),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(SECOND);
    await world.client.send({ name: "reply", data: { n: "two" } });
    await world.clock.advance(MINUTE);
    expect(world.runsOf("f")[0]).toMatchObject({ status: "Completed", output: null });
    expect(errors(world)).toEqual(["The if of a wait for an event could not be judged"]);
  });
});
