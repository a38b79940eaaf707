/** How runs and invocations end and what is told about it, through the real SDK (inngest.md §2.2, §2.4, §3.8). */
import {
  type FailureEventArgs,
  type GetStepTools,
  type Inngest,
  NonRetriableError,
  referenceFunction,
} from "inngest";
import { describe, expect, it } from "vitest";
import { gate, HOUR, MINUTE, SECOND, simulate } from "./simulated-app";

describe("invoke", () => {
  const outer = (client: Inngest, functionId: string, timeout: "1h" | "1m" = "1h") =>
    client.createFunction({ id: "outer", retries: 0, triggers: [{ event: "go" }] }, async ({ step, event }) =>
      step.invoke("ask", { function: referenceFunction({ functionId }), data: event.data, timeout }),
    );

  it("§2.2 of a debounced function waits for the window as well", async () => {
    const world = await simulate((client) => [
      outer(client, "inner"),
      client.createFunction({ id: "inner", debounce: { period: "1m" } }, async () => world.elapsed()),
    ]);
    await world.client.send({ name: "go", data: {} });
    await world.clock.advance(HOUR);
    const waitedSeconds = world.runsOf("outer")[0]?.output;
    expect(waitedSeconds).toBeGreaterThanOrEqual(60);
    expect(waitedSeconds).toBeLessThan(62);
  });

  it("§3.5 of a function that is cancelled fails the step", async () => {
    const world = await simulate((client) => [
      outer(client, "inner"),
      client.createFunction({ id: "inner", timeouts: { finish: "5s" } }, async ({ step }) =>
        step.sleep("s", "1h"),
      ),
    ]);
    await world.client.send({ name: "go", data: {} });
    await world.clock.advance(MINUTE);
    expect(world.runsOf("outer")[0]).toMatchObject({
      status: "Failed",
      reason: "function cancelled: timeouts.finish was reached",
    });
  });

  it("§3.5 of a function that is not there fails the step with its name", async () => {
    const world = await simulate((client) => [outer(client, "nobody")]);
    await world.client.send({ name: "go", data: {} });
    await world.clock.advance(0);
    expect(world.runsOf("outer")[0]).toMatchObject({
      status: "Failed",
      reason: "could not find a function with the id app-nobody",
    });
  });
});

describe("timeouts", () => {
  it("finish lets a last request that began in time end late, but starts nothing after it (SDK 4.24.0)", async () => {
    const ran: string[] = [];
    const { open, opened } = gate();
    const world = await simulate((client) => [
      client.createFunction(
        { id: "late", triggers: [{ event: "go" }], timeouts: { finish: "5s" } },
        async ({ step, event }) => {
          if (event.data.hasSteps) {
            await step.run("slow", () => opened);
            await step.run("after", () => void ran.push("after"));
          } else await opened;
          return "done";
        },
      ),
    ]);
    await world.client.send([
      { name: "go", data: { hasSteps: false } },
      { name: "go", data: { hasSteps: true } },
    ]);
    await world.clock.advance(10 * SECOND);
    open();
    await world.clock.advance(0);
    expect(world.runsOf("late").map(({ status, output }) => [status, output])).toEqual([
      ["Completed", "done"],
      ["Cancelled", null],
    ]);
    expect(ran).toEqual([]);
  });
});

describe("system events", () => {
  it("§3.8 hold who ended, how, and for which event, to the field", async () => {
    const world = await simulate((client) => [
      client.createFunction({ id: "good", triggers: [{ event: "go" }] }, async () => ({ n: 1 })),
      client.createFunction({ id: "bad", retries: 0, triggers: [{ event: "go" }] }, async () => {
        throw new TypeError("broken");
      }),
      client.createFunction({ id: "gone", triggers: [{ event: "go" }] }, async ({ step }) =>
        step.sleep("s", "1h"),
      ),
    ]);
    await world.client.send({ name: "go", data: { x: 1 } });
    await world.clock.advance(SECOND);
    world.engine.cancelRun(world.runsOf("gone")[0]?.id ?? "");
    await world.clock.advance(SECOND);
    const { events } = world.engine.history();
    const [go] = events;
    const trigger = { id: go?.id, name: "go", data: { x: 1 }, ts: go?.ts };
    const about = (name: string, status: string) => ({
      function_id: `app-${name}`,
      run_id: world.runsOf(name)[0]?.id,
      event: expect.objectContaining(trigger),
      events: [expect.objectContaining(trigger)],
      _inngest: { status },
    });
    const error = { error: "TypeError", name: "TypeError", message: "broken", stack: expect.any(String) };
    const told = events.slice(1).map(({ name, data }) => [name, data]);
    expect(told).toHaveLength(5);
    expect(told).toEqual(
      expect.arrayContaining([
        ["inngest/function.finished", { ...about("good", "Completed"), result: { n: 1 } }],
        ["inngest/function.failed", { ...about("bad", "Failed"), error }],
        ["inngest/function.finished", { ...about("bad", "Failed"), error }],
        ["inngest/function.cancelled", about("gone", "Cancelled")],
        ["inngest/function.finished", { ...about("gone", "Cancelled"), error: expect.anything() }],
      ]),
    );
  });

  it("§1.4 a failure handler is a function of its own that inherits no option, and none runs for a cancelled run", async () => {
    const told: unknown[] = [];
    const world = await simulate((client) => [
      client.createFunction(
        {
          id: "fragile",
          retries: 3,
          triggers: [{ event: "go" }],
          singleton: { mode: "skip" },
          timeouts: { finish: "1m" },
          onFailure: async ({ event, step }: FailureEventArgs & { step: GetStepTools<Inngest.Any> }) => {
            await step.sleep("longer than the function's own timeout", "2m");
            told.push(event.data.run_id);
          },
        },
        async ({ step, event }) => {
          if (event.data.isBroken) throw new NonRetriableError("no");
          await step.sleep("s", "1h");
        },
      ),
    ]);
    expect(world.engine.functionIds()).toEqual(["app-fragile", "app-fragile-failure"]);
    for (const isBroken of [true, false]) {
      await world.client.send({ name: "go", data: { isBroken } });
      await world.clock.advance(HOUR);
    }
    const [failed, cancelled] = world.runsOf("fragile");
    expect([failed?.status, cancelled?.status]).toEqual(["Failed", "Cancelled"]);
    expect(world.runsOf("fragile-failure").map(({ status }) => status)).toEqual(["Completed"]);
    expect(told).toEqual([failed?.id]);
  });
});
