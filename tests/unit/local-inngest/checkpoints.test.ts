/** Checkpoints, as Inngest Cloud takes them, through the real SDK (inngest.md §1.8, §3.3, §3.5). */
import { type Inngest, RetryAfterError } from "inngest";
import { describe, expect, it } from "vitest";
import { IN_PROCESS_APP } from "@/lib/local/inngest/start-inngest";
import type { TransportResponse } from "@/lib/local/inngest/transport";
import { emptyWorld, gate, MINUTE, SECOND, simulate } from "./simulated-app";

describe("checkpoints", () => {
  const twoSteps = (client: Inngest) => [
    client.createFunction({ id: "two-step", triggers: [{ event: "go" }] }, async ({ step }) => {
      const made = await step.run("create sandbox", () => ({ id: "sbx_7" }));
      await step.sleep("wait", "10s");
      const pinged = await step.run("ping", () => `${made.id}!`);
      return step.run("again", () => `${pinged}!`);
    }),
  ];
  const trace = async (checkpointing: boolean, client = {}) => {
    const world = await simulate(twoSteps, { checkpointing, client });
    await world.client.send({ name: "go" });
    await world.clock.advance(MINUTE);
    expect(world.runsOf("two-step")[0]).toMatchObject({ status: "Completed", output: "sbx_7!!" });
    return world.calls.map(({ answer, memo }) => [answer, Object.keys(memo).length]);
  };

  it("§3.3 steps of one request come as checkpoints, and the end as RunComplete", async () => {
    expect(await trace(true)).toEqual([
      ["206 Sleep wait", 0],
      ["206 RunComplete", 2],
    ]);
  });

  it("§3.3 without fn_id and qi_id the same function takes one request for each step", async () => {
    expect(await trace(false)).toEqual([
      ["206 StepRun create sandbox", 0],
      ["206 Sleep wait", 1],
      ["206 StepRun ping", 2],
      ["206 StepRun again", 3],
      ["200", 4],
    ]);
  });

  it("§1.8 an app that turned checkpointing off gets one request for each step from an engine that takes them", async () => {
    expect(await trace(true, { checkpointing: false })).toHaveLength(5);
  });

  it("§1.8 buffered steps come in one checkpoint before the sleep, and with the end", async () => {
    expect(await trace(true, { checkpointing: { bufferedSteps: 5 } })).toEqual([
      ["206 Sleep wait", 0],
      ["206 StepRun ping, StepRun again, RunComplete", 2],
    ]);
  });

  it("§3.5 a step that fails after a checkpointed one is repeated alone, and a repeated request stops after its step", async () => {
    const ran: string[] = [];
    const world = await simulate(
      (client) => [
        client.createFunction(
          { id: "retried", retries: 2, triggers: [{ event: "go" }] },
          async ({ step, attempt }) => {
            await step.run("a", () => void ran.push("a"));
            await step.run("b", () => {
              ran.push(`b${attempt}`);
              if (attempt < 1) throw new RetryAfterError("x", "2s");
            });
            await step.run("c", () => void ran.push(`c${attempt}`));
          },
        ),
      ],
      { checkpointing: true },
    );
    await world.client.send({ name: "go" });
    await world.clock.advance(MINUTE);
    expect(ran).toEqual(["a", "b0", "b1", "c0"]);
    expect(world.calls.map(({ attempt, answer }) => [attempt, answer])).toEqual([
      [0, "206 StepError b"],
      [1, "206 StepRun b"],
      [0, "206 RunComplete"],
    ]);
  });

  it("§3.5 a step that used up its retries is one more call with its error, as recorded on the real server", async () => {
    const world = await simulate(
      (client) => [
        client.createFunction({ id: "spent", retries: 2, triggers: [{ event: "go" }] }, async ({ step }) => {
          await step.run("a", () => null);
          await step.run("b", () => {
            throw new RetryAfterError("x", "2s");
          });
        }),
      ],
      { checkpointing: true },
    );
    await world.client.send({ name: "go" });
    await world.clock.advance(MINUTE);
    expect(
      world.calls.map(({ attempt, answer, at }) => [attempt, answer, at - (world.calls[0]?.at ?? 0)]),
    ).toEqual([
      [0, "206 StepError b", 0],
      [1, "206 StepError b", 2 * SECOND],
      [2, "206 StepFailed b", 4 * SECOND],
      [0, "400", 4 * SECOND],
    ]);
    expect(Object.values(world.calls[3]?.memo ?? {})).toEqual([
      { data: null },
      { error: { name: "RetryAfterError", message: "x", stack: expect.any(String) } },
    ]);
    expect(world.runsOf("spent")[0]).toMatchObject({ status: "Failed", reason: "x" });
  });

  it("§1.8 a run cancelled in mid-request starts no later step: its next checkpoint finds no run", async () => {
    const ran: string[] = [];
    const world = await simulate(
      (client) => [
        client.createFunction(
          { id: "busy", triggers: [{ event: "go" }], cancelOn: [{ event: "stop" }] },
          async ({ step }) => {
            await step.run("a", () => void ran.push("a"));
            await step.run("b", async () => {
              await client.send({ name: "stop" });
              ran.push("b");
            });
            await step.run("c", () => void ran.push("c"));
          },
        ),
      ],
      { checkpointing: true },
    );
    await world.client.send({ name: "go" });
    await world.engine.idle();
    expect(ran).toEqual(["a", "b"]);
    expect(world.calls.map(({ answer }) => answer)).toEqual(["206 StepRun b"]);
    const [run] = world.runsOf("busy");
    expect(run).toMatchObject({ status: "Cancelled", steps: [{ name: "a", status: "Completed" }] });
  });

  it("§1.8 a request that the engine gave up is stale: its checkpoint answers 409 and it ends without a retry", async () => {
    const ran: string[] = [];
    const { open, opened } = gate();
    const world = emptyWorld(
      (client) => [
        client.createFunction({ id: "slow", triggers: [{ event: "go" }] }, async ({ step, attempt }) => {
          await step.run("a", async () => {
            ran.push(`a${attempt}`);
            if (attempt === 0) await opened;
          });
          await step.run("b", () => void ran.push(`b${attempt}`));
        }),
      ],
      { checkpointing: true },
    );
    const lost: Promise<TransportResponse>[] = [];
    await world.engine.connectApp({
      url: IN_PROCESS_APP,
      resyncEveryMs: null,
      transport: (request) => {
        if (request.method === "PUT" || lost.length > 0) return world.handler(request);
        lost.push(world.handler(request));
        return Promise.reject(new TypeError("socket hang up"));
      },
    });
    await world.client.send({ name: "go" });
    await world.clock.advance(SECOND);
    open();
    const answer = await lost[0];
    expect(answer).toMatchObject({ status: 400, headers: { "x-inngest-no-retry": "true" } });
    expect(answer?.body).toContain("StaleDispatchError");
    await world.clock.advance(MINUTE);
    expect(world.runsOf("slow")[0]).toMatchObject({ status: "Completed" });
    expect(ran).toEqual(["a0", "a1", "b0"]);
  });

  const post = async (world: Awaited<ReturnType<typeof simulate>>, runId: string, body: unknown) => {
    const response = await world.fetch(`${world.url}/v1/checkpoint/${runId}/async`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return [response.status, await response.json()];
  };

  it("§1.8 answers 400 for a run that ended or never was, and for what is no checkpoint", async () => {
    const world = await simulate(twoSteps, { checkpointing: true });
    await world.client.send({ name: "go" });
    await world.clock.advance(MINUTE);
    const ended = world.runsOf("two-step")[0]?.id ?? "";
    const gone = [400, { error: "run not found in state store", status: 400 }];
    expect(await post(world, ended, { qi_id: "q", steps: [] })).toEqual(gone);
    expect(await post(world, "01RUN", { qi_id: "q", steps: [] })).toEqual(gone);
    expect(await post(world, ended, { steps: "none" })).toEqual([
      400,
      { error: expect.stringContaining("not a checkpoint"), status: 400 },
    ]);
  });

  it("fails a run with a sentence when it checkpoints an operation that the engine lacks", async () => {
    let outcome: unknown = null;
    const world = await simulate(
      (client) => [
        client.createFunction({ id: "odd", triggers: [{ event: "go" }] }, async ({ step, runId }) => {
          await step.run("report", async () => {
            const odd = { id: "x", op: "DeferAdd" };
            outcome = await post(world, runId, { qi_id: `${runId}.1`, generation_id: 1, steps: [odd] });
          });
        }),
      ],
      { checkpointing: true },
    );
    await world.client.send({ name: "go" });
    await world.engine.idle();
    expect(outcome).toEqual([200, {}]);
    expect(world.runsOf("odd")[0]).toMatchObject({
      status: "Failed",
      reason:
        "The embedded Inngest engine does not support the operation DeferAdd; run the real Dev Server for it",
    });
  });
});
