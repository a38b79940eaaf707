/** cancelOn, waitForEvent, invoke, failure handlers through the real SDK (inngest.md §2.4, §2.5, §3.8). */
import { type FailureEventArgs, type Inngest, NonRetriableError, referenceFunction } from "inngest";
import { describe, expect, it } from "vitest";
import { HOUR, MINUTE, SECOND, simulate } from "./simulated-app";

describe("cancelOn", () => {
  const grace = (options: { match: string } | { if: string }) =>
    simulate((client) => [
      client.createFunction(
        { id: "leave", triggers: [{ event: "user/left" }], cancelOn: [{ event: "user/active", ...options }] },
        async ({ step }) => {
          await step.sleep("grace", "2m");
          return step.run("pause", () => "paused");
        },
      ),
    ]);

  it("cancels a sleeping run by a matching event, and only that one (§2.4)", async () => {
    const world = await grace({ match: "data.id" });
    await world.client.send([
      { name: "user/left", data: { id: "a" } },
      { name: "user/left", data: { id: "b" } },
    ]);
    await world.clock.advance(MINUTE);
    await world.client.send({ name: "user/active", data: { id: "a" } });
    await world.clock.advance(HOUR);
    expect(world.runsOf("leave").map(({ status }) => status)).toEqual(["Cancelled", "Completed"]);
  });

  it("cancels by an if expression", async () => {
    const world = await grace({ if: "async.data.id == event.data.id && async.data.sure == true" });
    await world.client.send({ name: "user/left", data: { id: "a" } });
    await world.clock.advance(SECOND);
    await world.client.send({ name: "user/active", data: { id: "a" } });
    await world.clock.advance(SECOND);
    expect(world.runsOf("leave")[0]?.status).toBe("Running");
    await world.client.send({ name: "user/active", data: { id: "a", sure: true } });
    await world.clock.advance(SECOND);
    expect(world.runsOf("leave")[0]?.status).toBe("Cancelled");
  });

  it("loses a cancel that was sent in one batch with its trigger (§2.4)", async () => {
    const world = await grace({ match: "data.id" });
    await world.client.send([
      { name: "user/left", data: { id: "a" } },
      { name: "user/active", data: { id: "a" } },
    ]);
    await world.clock.advance(HOUR);
    expect(world.runsOf("leave")[0]?.status).toBe("Completed");
  });

  it("never matches on a field that both events lack (§2.4)", async () => {
    const world = await grace({ match: "data.id" });
    await world.client.send({ name: "user/left", data: {} });
    await world.clock.advance(SECOND);
    await world.client.send({ name: "user/active", data: {} });
    await world.clock.advance(HOUR);
    expect(world.runsOf("leave")[0]?.status).toBe("Completed");
  });

  it("drops the output of the step in flight and starts no later step (§2.4)", async () => {
    const ran: string[] = [];
    const world = await simulate((client) => [
      client.createFunction(
        { id: "busy", triggers: [{ event: "go" }], cancelOn: [{ event: "stop" }] },
        async ({ step }) => {
          await step.run("first", async () => {
            await client.send({ name: "stop" });
            ran.push("first");
          });
          await step.run("second", () => void ran.push("second"));
        },
      ),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(HOUR);
    expect(ran).toEqual(["first"]);
    expect(world.runsOf("busy")[0]).toMatchObject({ status: "Cancelled", steps: [] });
  });

  it("has no effect on an open debounce window (§2.2)", async () => {
    const world = await simulate((client) => [
      client.createFunction(
        {
          id: "idle",
          triggers: [{ event: "user/active" }],
          debounce: { period: "10s" },
          cancelOn: [{ event: "user/left" }],
        },
        async () => null,
      ),
    ]);
    await world.client.send({ name: "user/active" });
    await world.clock.advance(5 * SECOND);
    await world.client.send({ name: "user/left" });
    await world.clock.advance(MINUTE);
    expect(world.runsOf("idle")[0]?.status).toBe("Completed");
  });
});

describe("waitForEvent", () => {
  const waiting = () =>
    simulate((client) => [
      client.createFunction({ id: "wait", triggers: [{ event: "go" }] }, async ({ step }) => {
        const answer = await step.waitForEvent("answer", { event: "reply", timeout: "5m", match: "data.id" });
        return answer === null ? "timeout" : answer.data.text;
      }),
    ]);

  it("gives the event that matches (§2.5)", async () => {
    const world = await waiting();
    await world.client.send({ name: "go", data: { id: 7 } });
    await world.clock.advance(MINUTE);
    await world.client.send([
      { name: "reply", data: { id: 8, text: "wrong" } },
      { name: "reply", data: { id: 7, text: "right" } },
    ]);
    await world.clock.advance(0);
    expect(world.runsOf("wait")[0]).toMatchObject({ status: "Completed", output: "right" });
  });

  it("leaves no timeout behind when the event came", async () => {
    const world = await simulate((client) => [
      client.createFunction({ id: "then-rest", triggers: [{ event: "go" }] }, async ({ step }) => {
        await step.waitForEvent("answer", { event: "reply", timeout: "1d" });
        await step.sleep("rest", "1m");
      }),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(SECOND);
    await world.client.send({ name: "reply" });
    await world.clock.advance(SECOND);
    expect(world.clock.pending).toBe(1);
  });

  it("gives null at the timeout, and ignores an event that came before the wait (§2.5)", async () => {
    const world = await waiting();
    await world.client.send([
      { name: "go", data: { id: 7 } },
      { name: "reply", data: { id: 7, text: "too early" } },
    ]);
    await world.clock.advance(5 * MINUTE);
    expect(world.runsOf("wait")[0]).toMatchObject({ status: "Completed", output: "timeout" });
  });
});

describe("invoke", () => {
  const invoking = (inner: (client: Inngest) => ReturnType<Inngest["createFunction"]>) =>
    simulate((client) => [
      inner(client),
      client.createFunction(
        { id: "outer", retries: 0, triggers: [{ event: "go" }] },
        async ({ step, event }) =>
          step.invoke("ask", {
            function: referenceFunction({ functionId: "inner" }),
            data: event.data,
            timeout: "10m",
          }),
      ),
    ]);

  it("gives the invoked function's result, sleeps included", async () => {
    const world = await invoking((client) =>
      client.createFunction({ id: "inner" }, async ({ step, event }) => {
        await step.sleep("think", "1m");
        return { doubled: event.data.n * 2, name: event.name };
      }),
    );
    await world.client.send({ name: "go", data: { n: 21 } });
    await world.clock.advance(MINUTE);
    expect(world.runsOf("outer")[0]).toMatchObject({
      status: "Completed",
      output: { doubled: 42, name: "inngest/function.invoked" },
    });
  });

  it("fails the step when the invoked function fails", async () => {
    const world = await invoking((client) =>
      client.createFunction({ id: "inner", retries: 0 }, async () => {
        throw new Error("inner broke");
      }),
    );
    await world.client.send({ name: "go", data: {} });
    await world.clock.advance(MINUTE);
    expect(world.runsOf("outer")[0]).toMatchObject({ status: "Failed", reason: "inner broke" });
  });

  it("hangs until its timeout when the function's singleton is held (§2.3)", async () => {
    const world = await invoking((client) =>
      client.createFunction({ id: "inner", singleton: { mode: "skip" } }, async ({ step }) =>
        step.sleep("s", "1h"),
      ),
    );
    await world.client.send([
      { name: "go", data: {} },
      { name: "go", data: {} },
    ]);
    await world.clock.advance(10 * MINUTE);
    expect(world.runsOf("outer").at(-1)).toMatchObject({
      status: "Failed",
      output: { name: "InngestInvokeTimeoutError" },
    });
  });
});

describe("ends", () => {
  it("runs onFailure with the original event, and functions that listen for the prefixed id (§3.8)", async () => {
    const told: unknown[] = [];
    const world = await simulate((client) => [
      client.createFunction(
        {
          id: "broken",
          triggers: [{ event: "go" }],
          onFailure: async ({ event, error }: FailureEventArgs) => {
            told.push(["onFailure", event.data.event.data, error.message]);
          },
        },
        async () => {
          throw new NonRetriableError("boom");
        },
      ),
      client.createFunction(
        {
          id: "recover",
          triggers: [{ event: "inngest/function.failed", if: "event.data.function_id == 'app-broken'" }],
        },
        async ({ event }) => void told.push(["recover", event.data.function_id, event.data.run_id]),
      ),
      client.createFunction(
        {
          id: "never",
          triggers: [{ event: "inngest/function.failed", if: "event.data.function_id == 'broken'" }],
        },
        async () => void told.push("never"),
      ),
      client.createFunction(
        {
          id: "finished",
          triggers: [{ event: "inngest/function.finished", if: "event.data.function_id == 'app-broken'" }],
        },
        async () => void told.push("finished"),
      ),
    ]);
    await world.client.send({ name: "go", data: { n: 1 } });
    await world.clock.advance(0);
    const runId = world.runsOf("broken")[0]?.id;
    expect(told).toHaveLength(3);
    expect(told).toEqual(
      expect.arrayContaining([["onFailure", { n: 1 }, "boom"], ["recover", "app-broken", runId], "finished"]),
    );
  });

  it("sends events from a step and starts what they trigger, by wildcard too", async () => {
    const world = await simulate((client) => [
      client.createFunction({ id: "sender", triggers: [{ event: "go" }] }, async ({ step }) =>
        step.sendEvent("tell", [{ name: "user/made", data: { n: 1 } }, { name: "other/made" }]),
      ),
      client.createFunction({ id: "wild", triggers: [{ event: "user/*" }] }, async ({ event }) => event.name),
      client.createFunction(
        { id: "choosy", triggers: [{ event: "user/made", if: "event.data.n > 1" }] },
        async () => null,
      ),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(0);
    expect(world.runsOf("sender")[0]).toMatchObject({ status: "Completed" });
    expect(world.runsOf("wild").map(({ output }) => output)).toEqual(["user/made"]);
    expect(world.runsOf("choosy")).toEqual([]);
  });
});
