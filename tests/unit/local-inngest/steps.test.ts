/** Steps through the real SDK: memoisation, sleeps, retries, parallel steps (inngest.md §1.5, §3.5). */
import { NonRetriableError, RetryAfterError } from "inngest";
import { describe, expect, it } from "vitest";
import { HOUR, MINUTE, SECOND, simulate } from "./simulated-app";

describe("steps", () => {
  it("runs each step once and gives later steps the remembered values, across a sleep (§3.3)", async () => {
    const ran: string[] = [];
    const world = await simulate((client) => [
      client.createFunction({ id: "two-step", triggers: [{ event: "go" }] }, async ({ step }) => {
        const made = await step.run("create", () => {
          ran.push("create");
          return { id: "sbx" };
        });
        await step.sleep("wait", "10m");
        return await step.run("ping", () => {
          ran.push("ping");
          return `${made.id}!`;
        });
      }),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(10 * MINUTE - 1);
    expect(ran).toEqual(["create"]);
    await world.clock.advance(1);
    const [run] = world.runsOf("two-step");
    expect(run).toMatchObject({ status: "Completed", output: "sbx!", calls: 4 });
    expect(ran).toEqual(["create", "ping"]);
    expect(run?.steps.map(({ name, op, status }) => [name, op, status])).toEqual([
      ["create", "StepRun", "Completed"],
      ["wait", "Sleep", "Completed"],
      ["ping", "StepRun", "Completed"],
    ]);
  });

  it("sleeps until an instant of the virtual clock", async () => {
    const world = await simulate((client) => [
      client.createFunction({ id: "until", triggers: [{ event: "go" }] }, async ({ step, event }) => {
        await step.sleepUntil("later", new Date(event.ts + 3 * HOUR));
        return "awake";
      }),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(3 * HOUR - 1);
    expect(world.runsOf("until")[0]?.status).toBe("Running");
    await world.clock.advance(1);
    expect(world.runsOf("until")[0]).toMatchObject({ status: "Completed", output: "awake" });
  });

  it("repeats a failing step by the backoff table plus at most 30 s, counting attempts per step (§1.5)", async () => {
    const attempts: number[] = [];
    const world = await simulate((client) => [
      client.createFunction(
        { id: "flaky", retries: 3, triggers: [{ event: "go" }] },
        async ({ step, attempt }) => {
          await step.run("flaky", () => {
            attempts.push(attempt);
            if (attempts.length < 4) throw new Error("not yet");
          });
          return await step.run("next", () => attempt);
        },
      ),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(HOUR);
    expect(world.runsOf("flaky")[0]).toMatchObject({ status: "Completed", output: 0 });
    expect(attempts).toEqual([0, 1, 2, 3]);
    const gaps = world.calls
      .slice(1, 4)
      .map((call, index) => (call.at - (world.calls[index]?.at ?? 0)) / SECOND);
    for (const [index, base] of [15, 30, 60].entries()) {
      expect(gaps[index]).toBeGreaterThanOrEqual(base);
      expect(gaps[index]).toBeLessThan(base + 30);
    }
  });

  it("waits as long as RetryAfterError says (§1.5)", async () => {
    const world = await simulate((client) => [
      client.createFunction(
        { id: "limited", retries: 1, triggers: [{ event: "go" }] },
        async ({ step, attempt }) =>
          step.run("ask", () => {
            if (attempt === 0) throw new RetryAfterError("slow down", "7s");
            return "ok";
          }),
      ),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(7 * SECOND - 1);
    expect(world.calls).toHaveLength(1);
    await world.clock.advance(1);
    expect(world.runsOf("limited")[0]).toMatchObject({ status: "Completed", output: "ok" });
  });

  it("lets the body catch a step that used up its retries, with one more call (§2.8)", async () => {
    const world = await simulate((client) => [
      client.createFunction({ id: "caught", retries: 1, triggers: [{ event: "go" }] }, async ({ step }) => {
        try {
          await step.run("doomed", () => {
            throw new RetryAfterError("no", "2s");
          });
        } catch (error) {
          return step.run("compensate", () => `caught ${error instanceof Error ? error.message : ""}`);
        }
      }),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(2 * SECOND);
    expect(world.calls.map(({ attempt }) => attempt)).toEqual([0, 1, 0, 0]);
    expect(world.runsOf("caught")[0]).toMatchObject({ status: "Completed", output: "caught no" });
  });

  it("fails the run at once on NonRetriableError", async () => {
    const world = await simulate((client) => [
      client.createFunction({ id: "final", retries: 4, triggers: [{ event: "go" }] }, async ({ step }) => {
        await step.run("refuse", () => {
          throw new NonRetriableError("never");
        });
      }),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(0);
    expect(world.runsOf("final")[0]).toMatchObject({ status: "Failed", reason: "never", calls: 2 });
  });

  it("repeats a body that throws outside of steps, then fails the run", async () => {
    const world = await simulate((client) => [
      client.createFunction({ id: "thrown", retries: 2, triggers: [{ event: "go" }] }, async () => {
        throw new Error("body");
      }),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(HOUR);
    expect(world.runsOf("thrown")[0]).toMatchObject({ status: "Failed", reason: "body", calls: 3 });
  });

  it("runs parallel steps each once and goes on when all are complete (§3.5)", async () => {
    const ran: string[] = [];
    const note = (name: string) => () => {
      ran.push(name);
      return name;
    };
    const world = await simulate((client) => [
      client.createFunction({ id: "parallel", triggers: [{ event: "go" }] }, async ({ step }) => {
        const [a, , b] = await Promise.all([
          step.run("a", note("a")),
          step.sleep("s", "2s"),
          step.run("b", note("b")),
        ]);
        const c = await step.run("c", note("c"));
        return [a, b, c];
      }),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(SECOND);
    expect(ran.toSorted()).toEqual(["a", "b"]);
    await world.clock.advance(SECOND);
    expect(world.runsOf("parallel")[0]).toMatchObject({ status: "Completed", output: ["a", "b", "c"] });
    expect(ran).toHaveLength(3);
    expect(world.calls.filter(({ stepId }) => stepId === "step")).toHaveLength(3);
  });

  it("repeats only the parallel step that failed", async () => {
    const ran: string[] = [];
    const world = await simulate((client) => [
      client.createFunction(
        { id: "half", retries: 2, triggers: [{ event: "go" }] },
        async ({ step, attempt }) =>
          Promise.all([
            step.run("good", () => void ran.push("good")),
            step.run("bad", () => {
              ran.push("bad");
              if (attempt === 0) throw new RetryAfterError("again", "5s");
              return "done";
            }),
          ]),
      ),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(5 * SECOND);
    expect(world.runsOf("half")[0]).toMatchObject({ status: "Completed", output: [null, "done"] });
    expect(ran.toSorted()).toEqual(["bad", "bad", "good"]);
  });

  it("counts an app that does not answer as a failed attempt and goes on when it is back", async () => {
    const world = await simulate((client) => [
      client.createFunction({ id: "resilient", triggers: [{ event: "go" }] }, async () => "here"),
    ]);
    let isAway = true;
    await world.engine.connectApp({
      url: "http://127.0.0.1/other",
      resyncEveryMs: null,
      transport: async ({ method }) => {
        if (method === "PUT") return syncAnswer("other-lost", { event: "lost" });
        if (isAway) throw new TypeError("fetch failed");
        return { status: 200, headers: { "x-inngest-sdk": "js" }, body: '"back"' };
      },
    });
    world.engine.sendEvent({ name: "lost" });
    await world.clock.advance(SECOND);
    isAway = false;
    await world.clock.advance(MINUTE);
    const [run] = world.engine.history().runs;
    expect(run).toMatchObject({ status: "Completed", output: "back", calls: 2 });
  });

  it("fails a run whose app stays away for all its attempts", async () => {
    const world = await simulate(() => []);
    await world.engine.connectApp({
      url: "http://127.0.0.1/other",
      resyncEveryMs: null,
      transport: async ({ method }) => {
        if (method === "PUT") return syncAnswer("other-lost", { event: "lost" });
        throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
      },
    });
    world.engine.sendEvent({ name: "lost" });
    await world.clock.advance(HOUR);
    expect(world.engine.history().runs[0]).toMatchObject({
      status: "Failed",
      reason: "The app did not answer: fetch failed (connect ECONNREFUSED)",
      calls: 5,
    });
  });

  it("fails a run with a sentence when the app asks for an operation that the engine lacks", async () => {
    const world = await simulate((client) => [
      client.createFunction({ id: "signals", triggers: [{ event: "go" }] }, async ({ step }) =>
        step.waitForSignal("s", { signal: "x", timeout: "1m", onConflict: "fail" }),
      ),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(0);
    expect(world.runsOf("signals")[0]).toMatchObject({
      status: "Failed",
      reason:
        "The embedded Inngest engine does not support the operation WaitForSignal; run the real Dev Server for it",
    });
  });
});

function syncAnswer(id: string, trigger: Record<string, string>) {
  const step = { id: "step", name: "step", runtime: { type: "http", url: "http://127.0.0.1/other?fnId=x" } };
  return {
    status: 200,
    headers: { "x-inngest-sync-kind": "in_band" },
    body: JSON.stringify({ app_id: "other", functions: [{ id, triggers: [trigger], steps: { step } }] }),
  };
}
