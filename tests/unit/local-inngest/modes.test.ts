/** One busy world in every mode of the engine: with and without checkpointing, signed or not (inngest.md §1.8, §3.6). */
import { createHash } from "node:crypto";
import {
  cron,
  type Inngest,
  invoke,
  NonRetriableError,
  RetryAfterError,
  referenceFunction,
  staticSchema,
} from "inngest";
import { describe, expect, it } from "vitest";
import { HOUR, SECOND, type SimulateOptions, simulate } from "./simulated-app";

const KEY = `signkey-test-${"0c".repeat(32)}`;
const signed = { cloud: { signingKey: KEY }, client: { isDev: false, signingKey: KEY, eventKey: "key" } };

const MODES: [string, SimulateOptions][] = [
  ["without checkpointing", {}],
  ["with checkpointing", { checkpointing: true }],
  ["signed, without checkpointing", signed],
  ["signed, with checkpointing", { ...signed, checkpointing: true }],
];

describe.each(MODES)("%s", (_name, mode) => {
  const everything = (ran: string[]) => (client: Inngest) => {
    const note = (name: string) => () => {
      ran.push(name);
      return name;
    };
    return [
      client.createFunction(
        { id: "everything", retries: 2, triggers: [{ event: "go" }] },
        async ({ step, attempt }) => {
          const first = await step.run("first", note("first"));
          await step.sleep("rest", "1m");
          const [left, right] = await Promise.all([
            step.run("left", note("left")),
            step.run("right", note("right")),
          ]);
          await step.run("flaky", () => {
            ran.push(`flaky ${attempt}`);
            if (attempt === 0) throw new RetryAfterError("again", "5s");
          });
          const invoked = await step.invoke("ask", {
            function: referenceFunction({ functionId: "inner" }),
            data: { n: 2 },
            timeout: "1h",
          });
          const lost = await step
            .run("doomed", () => Promise.reject(new NonRetriableError("no")))
            .catch(String);
          await step.sendEvent("tell", { name: "told" });
          const answer = await step.waitForEvent("answer", { event: "reply", timeout: "5m" });
          const last = await step.run("last", note("last"));
          return { first, left, right, invoked, lost, answer, last };
        },
      ),
      client.createFunction(
        { id: "inner", triggers: [invoke(staticSchema<{ n: number }>())] },
        async ({ event, step }) => step.run("double", () => event.data.n * 2),
      ),
      client.createFunction({ id: "told", triggers: [{ event: "told" }] }, async () => "heard"),
    ];
  };

  it("gives the same outcome, each step run once and each attempt counted", async () => {
    const ran: string[] = [];
    const world = await simulate(everything(ran), mode);
    await world.client.send({ name: "go" });
    await world.clock.advance(HOUR);
    expect(world.runsOf("everything")[0]).toMatchObject({
      status: "Completed",
      output: {
        first: "first",
        left: "left",
        right: "right",
        invoked: 4,
        lost: expect.stringContaining("no"),
        answer: null,
        last: "last",
      },
    });
    expect(ran.toSorted()).toEqual(["first", "flaky 0", "flaky 1", "last", "left", "right"]);
    expect(world.runsOf("told").map(({ output }) => output)).toEqual(["heard"]);
    const steps = world.runsOf("everything")[0]?.steps.map(({ name, status }) => `${name} ${status}`);
    expect(steps?.toSorted()).toEqual([
      "answer Completed",
      "ask Completed",
      "doomed Failed",
      "first Completed",
      "flaky Completed",
      "last Completed",
      "left Completed",
      "rest Completed",
      "right Completed",
      "tell Completed",
    ]);
  });

  /** Everything that draws on chance or time at once: jitter, windows, keys, races, crons, cancels, failures. */
  const busy = (client: Inngest) => [
    client.createFunction(
      {
        id: "flaky",
        retries: 3,
        triggers: [{ event: "go" }],
        concurrency: { limit: 2, key: "event.data.key" },
        cancelOn: [{ event: "stop", match: "data.key" }],
        onFailure: async () => "handled",
      },
      async ({ step, attempt, event }) => {
        await step.run("flaky", () => {
          if (attempt < event.data.failures) throw new Error("again");
        });
        await step.sendEvent("tell", { name: "told", data: { key: event.data.key } });
        return Promise.all([step.run("a", () => 1), step.sleep("s", "1m"), step.run("b", () => attempt)]);
      },
    ),
    client.createFunction(
      {
        id: "idle",
        triggers: [{ event: "told" }],
        debounce: { key: "event.data.key", period: "30s", timeout: "2m" },
      },
      async ({ step }) => step.waitForEvent("w", { event: "go", timeout: "5m", match: "data.key" }),
    ),
    client.createFunction(
      {
        id: "slow",
        triggers: [{ event: "told" }],
        throttle: { limit: 2, period: "1m" },
        timeouts: { finish: "3m" },
      },
      async ({ step, group }) =>
        group.parallel({ mode: "race" }, () =>
          Promise.race([
            step.sleep("short", "10s").then(() => "short"),
            step.sleep("long", "4m").then(() => "long"),
          ]),
        ),
    ),
    client.createFunction({ id: "sweep", triggers: [cron("*/5 * * * *")] }, async ({ event }) => event.data),
    client.createFunction(
      {
        id: "one",
        triggers: [{ event: "inngest/function.*", if: "event.data.function_id != 'app-one'" }],
        singleton: { mode: "skip" },
      },
      async ({ step }) => step.sleep("hold", "90s"),
    ),
  ];

  const traceHash = async (seed: number): Promise<string> => {
    const world = await simulate(busy, { ...mode, seed, takesTurns: true });
    // Beside the crons' full minutes: of a call that is under way and a timer of the same millisecond, the turns of the
    // real event loop decide which is first, and these differ on a busy machine (seen: a cron's run and a timeout).
    await world.clock.advance(137);
    for (let n = 0; n < 8; n += 1) {
      await world.client.send(
        [0, 1].map((key) => ({ name: "go", data: { key: (n + key) % 3, failures: n % 5 } })),
      );
      await world.clock.advance(7 * SECOND * n + 11);
      if (n % 4 === 3) await world.client.send({ name: "stop", data: { key: n % 3 } });
    }
    await world.clock.advance(HOUR);
    const { events, runs } = world.engine.history();
    const statuses = new Set(runs.map(({ status }) => status));
    expect(statuses).toEqual(new Set(["Completed", "Failed", "Cancelled", "Skipped"]));
    // Not the stacks of thrown errors: their tails tell in which turn of the real event loop the SDK ran.
    const withoutStacks = (name: string, value: unknown) => (name === "stack" ? undefined : value);
    return createHash("sha256")
      .update(JSON.stringify({ events, runs, calls: world.calls }, withoutStacks))
      .digest("hex");
  };

  it("§3.9 gives the same trace for the same seed, to the id and the millisecond, and another for another", async () => {
    const [first, second, other] = [await traceHash(7), await traceHash(7), await traceHash(8)];
    expect(second).toBe(first);
    expect(other).not.toBe(first);
  });
});
