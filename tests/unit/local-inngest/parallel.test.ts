/** Branches, races and repeated step ids through the real SDK (inngest.md §1.5, §3.5). */

import { describe, expect, it } from "vitest";
import { sleep } from "@/lib/clock";
import { SettlingClock } from "@/lib/local/inngest/settling-clock";
import { HOUR, MINUTE, SECOND, START, simulate } from "./simulated-app";

describe("branches", () => {
  it("runs branches of several steps each once", async () => {
    const ran: string[] = [];
    const note = (name: string) => () => {
      ran.push(name);
      return name;
    };
    const world = await simulate((client) => [
      client.createFunction({ id: "branches", triggers: [{ event: "go" }] }, async ({ step }) => {
        const left = async () => `${await step.run("a1", note("a1"))}${await step.run("a2", note("a2"))}`;
        const right = async () => {
          await step.sleep("b1", "1m");
          return step.run("b2", note("b2"));
        };
        return Promise.all([left(), right()]);
      }),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(HOUR);
    expect(world.runsOf("branches")[0]).toMatchObject({ status: "Completed", output: ["a1a2", "b2"] });
    expect(ran.toSorted()).toEqual(["a1", "a2", "b2"]);
  });

  it("goes on after the first of a race, and ends when the loser has ended, as the SDK reports it until then", async () => {
    const ran: number[] = [];
    const world = await simulate((client) => [
      client.createFunction({ id: "race", triggers: [{ event: "go" }] }, async ({ step, group }) => {
        const winner = await group.parallel({ mode: "race" }, () =>
          Promise.race([
            step.waitForEvent("reply", { event: "reply", timeout: "1h" }).then(() => "reply"),
            step.sleep("limit", "1m").then(() => "limit"),
          ]),
        );
        await step.run("after", () => void ran.push(world.elapsed()));
        return winner;
      }),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(HOUR - 1);
    expect(ran).toEqual([60]);
    expect(world.runsOf("race")[0]?.status).toBe("Running");
    await world.clock.advance(1);
    expect(world.runsOf("race")[0]).toMatchObject({ status: "Completed", output: "limit" });
  });

  it("goes on in each branch on its own with optimizeParallelism off, which is version 1 of the protocol", async () => {
    const ran: [string, number][] = [];
    const world = await simulate((client) => [
      client.createFunction(
        { id: "older", triggers: [{ event: "go" }], optimizeParallelism: false },
        async ({ step }) => {
          const quick = async () => {
            await step.run("q1", () => void ran.push(["q1", world.elapsed()]));
            await step.run("q2", () => void ran.push(["q2", world.elapsed()]));
          };
          await Promise.all([quick(), step.sleep("slow", "1h")]);
          return "both";
        },
      ),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(HOUR);
    expect(ran).toEqual([
      ["q1", 0],
      ["q2", 0],
    ]);
    expect(world.runsOf("older")[0]).toMatchObject({ status: "Completed", output: "both" });
  });

  it("gives steps of one id in a loop their own memory, in order", async () => {
    const world = await simulate((client) => [
      client.createFunction({ id: "loop", triggers: [{ event: "go" }] }, async ({ step }) => {
        const values: number[] = [];
        for (let turn = 0; turn < 4; turn += 1) values.push(await step.run("same", () => turn * 10));
        return values;
      }),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(0);
    expect(world.runsOf("loop")[0]).toMatchObject({ status: "Completed", output: [0, 10, 20, 30], calls: 5 });
  });

  it("keeps a value that looks like an error a value (§3.5)", async () => {
    const world = await simulate((client) => [
      client.createFunction({ id: "odd", triggers: [{ event: "go" }] }, async ({ step }) => {
        const first = await step.run("first", () => ({ error: "not one" }));
        const second = await step.run("second", () => ({ data: 1 }));
        return { first, second };
      }),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(0);
    expect(world.runsOf("odd")[0]?.output).toEqual({ first: { error: "not one" }, second: { data: 1 } });
  });
});

describe("the settling clock", () => {
  it("does not move time while a call is under way, so that a step reads the time at which it was due", async () => {
    const seen: number[] = [];
    const world = await simulate((client) => [
      client.createFunction({ id: "reads", triggers: [{ event: "go" }] }, async ({ step }) => {
        for (const turn of [1, 2, 3]) {
          await step.sleep(`s${turn}`, "10s");
          await step.run(`r${turn}`, () => void seen.push(world.elapsed()));
        }
      }),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(HOUR);
    expect(seen).toEqual([10, 20, 30]);
  });

  it("moves on after its patience when a step itself waits for virtual time", async () => {
    const world = await simulate((client) => [
      client.createFunction({ id: "waits", triggers: [{ event: "go" }] }, async ({ step }) =>
        step.run("wait", async () => {
          await sleep(world.clock, 5 * SECOND);
          return world.elapsed();
        }),
      ),
    ]);
    await world.client.send({ name: "go" });
    await world.clock.advance(MINUTE);
    expect(world.runsOf("waits")[0]).toMatchObject({ status: "Completed", output: 5 });
  });

  it("calls what is due in order and counts what still waits", async () => {
    const clock = new SettlingClock(START);
    const order: number[] = [];
    clock.after(2000, () => order.push(2));
    clock.after(1000, () => {
      order.push(1);
      clock.after(500, () => order.push(1.5));
    });
    const cancel = clock.after(1500, () => order.push(99));
    cancel();
    await clock.advance(1999);
    expect(order).toEqual([1, 1.5]);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(order).toEqual([1, 1.5, 2]);
  });
});
