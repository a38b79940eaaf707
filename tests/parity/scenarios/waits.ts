/** Waiting for others: events and invoked functions (inngest.md §1.5, §2.3, §2.5). */
import type { Inngest } from "inngest";
import { type Scenario, send, wait } from "../scenario";

const callee = (client: Inngest) =>
  client.createFunction(
    { id: "callee", triggers: [{ event: "never" }] },
    async ({ event }) => `done ${event.data.n}`,
  );

export const waitScenarios: readonly Scenario[] = [
  {
    id: "wait-for-event",
    guarantee: "waitForEvent gets the event that comes while it waits, and only if it matches",
    evidence: {
      section: "§2.5",
      line: 335,
      mark: "V",
      reliedOnBy: "products that mount Rekindle beside functions of their own",
    },
    functions: (client) => [
      client.createFunction({ id: "work", triggers: [{ event: "go" }] }, async ({ step }) => {
        const reply = await step.waitForEvent("reply", { event: "reply", timeout: "20s", match: "data.key" });
        return reply?.data.text ?? null;
      }),
    ],
    script: [
      send({ name: "go", data: { tag: "a", key: "k" } }),
      wait(2),
      send({ name: "reply", data: { tag: "r1", key: "other", text: "not this" } }),
      wait(1),
      send({ name: "reply", data: { tag: "r2", key: "k", text: "this" } }),
      wait(3),
    ],
    expected: {
      calls: ["work(a) next #0 → WaitForEvent reply", "work(a) next #0 → returned"],
      outcomes: ['work(a) Completed "this"'],
    },
    order: "each run",
  },
  {
    id: "wait-too-late",
    guarantee: "waitForEvent does not look back: an event that came before it is not seen",
    evidence: {
      section: "§2.5",
      line: 335,
      mark: "V",
      reliedOnBy: "why functions re-read the store and do not wait for events",
    },
    functions: (client) => [
      client.createFunction({ id: "work", triggers: [{ event: "go" }] }, async ({ step }) => {
        await step.sleep("first", "3s");
        const reply = await step.waitForEvent("reply", { event: "reply", timeout: "2s" });
        return reply === null ? "timed out" : "heard";
      }),
    ],
    script: [
      send({ name: "go", data: { tag: "a" } }),
      wait(1.5),
      send({ name: "reply", data: { tag: "r" } }),
      wait(8),
    ],
    expected: {
      calls: [
        "work(a) next #0 → Sleep first",
        "work(a) next #0 → WaitForEvent reply",
        "work(a) next #0 → returned",
      ],
      outcomes: ['work(a) Completed "timed out"'],
    },
    order: "each run",
  },
  {
    id: "invoke",
    guarantee: "invoke runs another function and gives its result",
    evidence: {
      section: "§1.5",
      line: 154,
      mark: "V",
      reliedOnBy: "products that invoke functions of their own",
    },
    functions: (client) => {
      const invoked = callee(client);
      return [
        invoked,
        client.createFunction({ id: "caller", triggers: [{ event: "go" }] }, async ({ step }) =>
          step.invoke("call", { function: invoked, data: { tag: "inner", n: 3 }, timeout: "20s" }),
        ),
      ];
    },
    script: [send({ name: "go", data: { tag: "outer" } }), wait(4)],
    expected: {
      calls: [
        "callee(inner) next #0 → returned",
        "caller(outer) next #0 → InvokeFunction call",
        "caller(outer) next #0 → returned",
      ],
      outcomes: ['callee(inner) Completed "done 3"', 'caller(outer) Completed "done 3"'],
    },
    order: "each run",
  },
  {
    id: "invoke-skipped",
    guarantee: "an invoke whose target is skipped by its singleton hangs until the invoke's own timeout",
    evidence: { section: "§2.3", line: 313, mark: "V", reliedOnBy: "why nothing here invokes a singleton" },
    functions: (client) => {
      const held = client.createFunction(
        { id: "held", triggers: [{ event: "hold" }], singleton: { key: "event.data.key", mode: "skip" } },
        async ({ step }) => {
          await step.sleep("hold", "9s");
          return "held";
        },
      );
      return [
        held,
        client.createFunction({ id: "caller", triggers: [{ event: "go" }] }, async ({ step }) => {
          try {
            return await step.invoke("call", {
              function: held,
              data: { tag: "inner", key: "k" },
              timeout: "3s",
            });
          } catch (error) {
            return error instanceof Error ? error.name : "no error";
          }
        }),
      ];
    },
    script: [
      send({ name: "hold", data: { tag: "h", key: "k" } }),
      wait(2),
      send({ name: "go", data: { tag: "outer" } }),
      wait(12),
    ],
    expected: {
      calls: [
        "caller(outer) next #0 → InvokeFunction call",
        "caller(outer) next #0 → returned",
        "held(h) next #0 → Sleep hold",
        "held(h) next #0 → returned",
      ],
      outcomes: ['caller(outer) Completed "InngestInvokeTimeoutError"', 'held(h) Completed "held"'],
    },
    order: "each run",
  },
  {
    id: "invoke-debounced",
    guarantee: "an invoke of a debounced function waits for its window as well",
    evidence: {
      section: "§2.2",
      line: 306,
      mark: "V",
      reliedOnBy: "products that invoke functions of their own",
    },
    functions: (client) => {
      const target = client.createFunction(
        { id: "target", triggers: [{ event: "never" }], debounce: { period: "2s" } },
        async () => "settled",
      );
      return [
        target,
        client.createFunction({ id: "caller", triggers: [{ event: "go" }] }, async ({ step }) =>
          step.invoke("call", { function: target, data: { tag: "inner" }, timeout: "20s" }),
        ),
      ];
    },
    script: [send({ name: "go", data: { tag: "outer" } }), wait(7)],
    expected: {
      calls: [
        "caller(outer) next #0 → InvokeFunction call",
        "caller(outer) next #0 → returned",
        "target(inner) next #0 → returned",
      ],
      outcomes: ['caller(outer) Completed "settled"', 'target(inner) Completed "settled"'],
    },
    order: "each run",
  },
];
