/** Traces recorded on the real server, call by call (inngest.md §3.3, §3.5), and the answers that no SDK should give. */

import { createHash } from "node:crypto";
import { eventType, type FailureEventArgs, NonRetriableError, RetryAfterError } from "inngest";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Transport } from "@/lib/local/inngest/transport";
import { emptyWorld, HOUR, MINUTE, SECOND, START, simulate } from "./simulated-app";

const hash = (stepId: string) => createHash("sha1").update(stepId).digest("hex");

describe("recorded traces", () => {
  it("§3.3 two steps and a sleep: what is remembered at each request", async () => {
    const world = await simulate((client) => [
      client.createFunction({ id: "two-step", triggers: [{ event: "go" }] }, async ({ step }) => {
        const made = await step.run("create sandbox", () => ({ id: "sbx_7" }));
        await step.sleep("wait", "10s");
        return { a: made, b: await step.run("ping", () => `${made.id}!`) };
      }),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(MINUTE);
    const created = { "15a404962555a3b7e93d1c90802bd0c1e9fb4f7a": { data: { id: "sbx_7" } } };
    const slept = { ...created, daaad336276d15594d0e765f96c17cd746bf4971: null };
    const pinged = { ...slept, "572982bbc4f29ee92ae2d65a9edc2453d2c9170c": { data: "sbx_7!" } };
    expect(world.calls.map(({ memo, stack, answer, at }) => [memo, stack, answer, at - START])).toEqual([
      [{}, [], "206 StepRun create sandbox", 0],
      [created, Object.keys(created), "206 Sleep wait", 0],
      [slept, [hash("create sandbox"), hash("wait")], "206 StepRun ping", 10 * SECOND],
      [pinged, [hash("create sandbox"), hash("wait"), hash("ping")], "200", 10 * SECOND],
    ]);
    expect(world.runsOf("two-step")[0]?.output).toEqual({ a: { id: "sbx_7" }, b: "sbx_7!" });
  });

  it("§3.5 parallel steps are planned, run each on its own, and discovery goes on when all are done", async () => {
    const world = await simulate(
      (client) => [
        client.createFunction({ id: "parallel", triggers: [{ event: "go" }] }, async ({ step }) => {
          await Promise.all([step.run("a", () => 1), step.sleep("s", "2s"), step.run("b", () => 2)]);
          await step.run("c", () => 3);
        }),
      ],
      { checkpointing: true },
    );
    await world.client.send({ name: "go" });
    await world.clock.advance(MINUTE);
    const trace = world.calls.map(({ stepId, mustPlan, memo, answer }) => {
      const known = ["a", "b", "s", "c"].filter((name) => hash(name) in memo).join("");
      return [["a", "b", "c"].find((name) => hash(name) === stepId) ?? stepId, mustPlan, known, answer];
    });
    expect([trace[0], trace.slice(1, 3).toSorted(), ...trace.slice(3)]).toEqual([
      ["step", false, "", "206 StepPlanned a, Sleep s, StepPlanned b"],
      [
        ["a", true, "", "206 StepRun a"],
        ["b", true, "", "206 StepRun b"],
      ],
      ["step", true, "abs", "206 StepPlanned c"],
      ["c", false, "abs", "206 StepRun c"],
      ["step", false, "absc", "206 RunComplete"],
    ]);
  });

  it("§2.7 concurrency counts steps, so that a limit of one runs parallel steps one after the other", async () => {
    let inFlight = 0;
    const seen: number[] = [];
    const work = async () => {
      inFlight += 1;
      seen.push(inFlight);
      await new Promise((resolve) => setImmediate(resolve));
      inFlight -= 1;
    };
    const world = await simulate((client) => [
      client.createFunction({ id: "one", triggers: [{ event: "go" }], concurrency: 1 }, async ({ step }) => {
        await Promise.all([step.run("a", work), step.run("b", work), step.run("c", work)]);
      }),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(0);
    expect(seen).toEqual([1, 1, 1]);
    expect(world.runsOf("one")[0]?.status).toBe("Completed");
  });

  it("§1.3 an event that its schema refuses fails the run at once, and runs onFailure", async () => {
    const told: unknown[] = [];
    const made = eventType("made", { schema: z.object({ n: z.number() }) });
    const world = await simulate((client) => [
      client.createFunction(
        {
          id: "strict",
          retries: 3,
          triggers: [made],
          onFailure: async ({ error }: FailureEventArgs) => void told.push(error.name),
        },
        async () => null,
      ),
    ]);
    await world.client.send({ name: "made", data: { n: "one" } });
    await world.clock.advance(0);
    expect(world.runsOf("strict")[0]).toMatchObject({ status: "Failed", calls: 1 });
    expect(told).toEqual(["EventValidationError"]);
  });

  it.each([
    { what: "a moment in the future", wish: new Date(START + 5 * MINUTE), delayMs: 5 * MINUTE },
    { what: "less than a second", wish: 1, delayMs: SECOND },
    { what: "more than a day", wish: "3d", delayMs: 24 * HOUR },
  ])("§1.5 RetryAfterError with $what is heeded, within one second and a day", async ({ wish, delayMs }) => {
    const world = await simulate((client) => [
      client.createFunction(
        { id: "limited", retries: 1, triggers: [{ event: "go" }] },
        async ({ step, attempt }) =>
          step.run("ask", () => {
            if (attempt === 0) throw new RetryAfterError("later", wish);
          }),
      ),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(2 * 24 * HOUR);
    expect(world.calls.map(({ at }) => at - START)).toEqual([0, delayMs, delayMs]);
  });
});

describe("answers of no SDK", () => {
  const app = async (...answers: { status: number; body: string; sdk?: boolean }[]) => {
    const world = emptyWorld(() => []);
    const step = {
      id: "step",
      name: "step",
      runtime: { type: "http", url: "http://127.0.0.1/other?fnId=x" },
    };
    const functions = [{ id: "other-f", triggers: [{ event: "go" }], steps: { step } }];
    const sync = { app_id: "other", functions };
    const transport: Transport = async ({ method }) => {
      if (method === "PUT")
        return { status: 200, headers: { "x-inngest-sync-kind": "in_band" }, body: JSON.stringify(sync) };
      const { status, body, sdk = true } = answers.shift() ?? { status: 200, body: '"end"' };
      return { status, headers: sdk ? { "x-inngest-sdk": "js" } : {}, body };
    };
    await world.engine.connectApp({ url: "http://127.0.0.1/other", transport, resyncEveryMs: null });
    world.engine.sendEvent({ name: "go" });
    await world.clock.advance(HOUR);
    return world.engine.history().runs[0];
  };

  it("§3.4 repeats a call that something else than an SDK answered", async () => {
    expect(await app({ status: 200, body: "<html>", sdk: false })).toMatchObject({
      status: "Completed",
      output: "end",
      calls: 2,
    });
  });

  it("§3.4 fails a run that is told nothing new and waits for nothing", async () => {
    expect(await app({ status: 206, body: "[]" })).toMatchObject({
      status: "Failed",
      reason: expect.stringContaining("nothing new and nothing is pending"),
    });
  });

  it("§3.5 fails a run with a sentence when a known operation has an unknown shape", async () => {
    const wait = { id: "w", op: "WaitForEvent", name: "reply", opts: {} };
    expect(await app({ status: 206, body: JSON.stringify([wait]) })).toMatchObject({
      status: "Failed",
      reason: expect.stringContaining("WaitForEvent operation in a shape"),
    });
  });

  it("§2.9 fails a run whose app answers more than Inngest takes", async () => {
    expect(await app({ status: 200, body: JSON.stringify("x".repeat(4 * 1024 * 1024)) })).toMatchObject({
      status: "Failed",
      reason: expect.stringContaining("larger than 4 MB"),
      calls: 1,
    });
  });
});

describe("operations that the engine lacks", () => {
  it.each(["Gateway", "WaitForSignal"])("§3.5 %s fails the run and names it", async (op) => {
    const world = await simulate((client) => [
      client.createFunction({ id: "lacking", triggers: [{ event: "go" }] }, async ({ step, event }) => {
        if (event.data.op === "Gateway") await step.fetch("http://127.0.0.1:1/");
        if (event.data.op === "WaitForSignal")
          await step.waitForSignal("s", { signal: "x", timeout: "1m", onConflict: "fail" });
        throw new NonRetriableError("no operation was asked for");
      }),
    ]);
    await world.client.send({ name: "go", data: { op } });
    await world.clock.advance(0);
    expect(world.runsOf("lacking")[0]).toMatchObject({
      status: "Failed",
      reason: `The embedded Inngest engine does not support the operation ${op}; run the real Dev Server for it`,
    });
  });
});
