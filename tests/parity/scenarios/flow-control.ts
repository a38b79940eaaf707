/** Singleton, concurrency, throttle, rate limit, timeouts (inngest.md §1.4, §2.3, §2.4, §2.7). */
import { type Scenario, send, wait } from "../scenario";

const key = "event.data.key";
const go = (tag: string) => ({ name: "go", data: { tag, key: "k" } });

export const flowScenarios: readonly Scenario[] = [
  {
    id: "singleton-skip",
    guarantee: "singleton skip starts nothing while a run of the key sleeps, and tells nobody",
    evidence: {
      section: "§2.3",
      line: 312,
      mark: "V",
      reliedOnBy: "DESIGN: singleton is a saving, not safety",
    },
    functions: (client) => [
      client.createFunction(
        { id: "one", triggers: [{ event: "go" }], singleton: { key, mode: "skip" } },
        async ({ step }) => {
          await step.sleep("hold", "4s");
          return "held";
        },
      ),
    ],
    script: [send(go("a")), wait(2), send(go("skipped")), wait(5), send(go("later")), wait(7)],
    expected: {
      calls: [
        "one(a) next #0 → Sleep hold",
        "one(a) next #0 → returned",
        "one(later) next #0 → Sleep hold",
        "one(later) next #0 → returned",
      ],
      outcomes: ['one(a) Completed "held"', 'one(later) Completed "held"'],
    },
    order: "across runs",
  },
  {
    id: "singleton-cancel",
    guarantee: "singleton cancel lets the newer run in while the older one's step still runs to its end",
    evidence: {
      section: "§2.3",
      line: 314,
      mark: "V",
      reliedOnBy: "pause-when-idle; why every act is fenced by a claim",
    },
    functions: (client, { pause }) => [
      client.createFunction(
        { id: "one", triggers: [{ event: "go" }], singleton: { key, mode: "cancel" } },
        async ({ step, event }) => {
          await step.run("work", () => (event.data.tag === "old" ? pause(4) : undefined));
          await step.run("after", () => null);
          return "done";
        },
      ),
    ],
    script: [send(go("old")), wait(2), send(go("new")), wait(6)],
    expected: {
      calls: [
        "one(old) next #0 → StepRun work",
        "one(new) next #0 → StepRun work",
        "one(new) next #0 → StepRun after",
        "one(new) next #0 → returned",
      ],
      outcomes: ['one(new) Completed "done"', "one(old) Cancelled"],
    },
    order: "across runs",
  },
  {
    id: "concurrency",
    guarantee: "a concurrency limit counts running steps: a second run starts while the first sleeps",
    evidence: {
      section: "§2.7",
      line: 346,
      mark: "V",
      reliedOnBy: "DESIGN: concurrency is no mutual exclusion",
    },
    functions: (client) => [
      client.createFunction(
        { id: "limited", triggers: [{ event: "go" }], concurrency: { key, limit: 1 } },
        async ({ step }) => {
          await step.sleep("rest", "4s");
          return "rested";
        },
      ),
    ],
    script: [send(go("a")), wait(1), send(go("b")), wait(8)],
    expected: {
      calls: [
        "limited(a) next #0 → Sleep rest",
        "limited(b) next #0 → Sleep rest",
        "limited(a) next #0 → returned",
        "limited(b) next #0 → returned",
      ],
      outcomes: ['limited(a) Completed "rested"', 'limited(b) Completed "rested"'],
    },
    order: "across runs",
  },
  {
    id: "rate-limit",
    guarantee: "a rate limit drops what is above it",
    evidence: {
      section: "§1.4",
      line: 132,
      mark: "S",
      reliedOnBy: "products that mount Rekindle beside functions of their own",
    },
    functions: (client) => [
      client.createFunction(
        { id: "rare", triggers: [{ event: "go" }], rateLimit: { key, limit: 1, period: "1m" } },
        async () => "ran",
      ),
    ],
    script: [send(go("a")), wait(1), send(go("b")), wait(3)],
    expected: { calls: ["rare(a) next #0 → returned"], outcomes: ['rare(a) Completed "ran"'] },
    order: "each run",
  },
  {
    id: "throttle",
    guarantee: "a throttle delays starts and drops none",
    evidence: {
      section: "§2.7",
      line: 348,
      mark: "D",
      reliedOnBy: "products that mount Rekindle beside functions of their own",
    },
    functions: (client) => [
      client.createFunction(
        { id: "paced", triggers: [{ event: "go" }], throttle: { key, limit: 1, period: "3s" } },
        async () => "ran",
      ),
      client.createFunction({ id: "mark", triggers: [{ event: "mark" }] }, async () => "between"),
    ],
    script: [
      send(go("a")),
      wait(0.5),
      send(go("b")),
      wait(1),
      send({ name: "mark", data: { tag: "m" } }),
      wait(8),
    ],
    expected: {
      calls: ["paced(a) next #0 → returned", "mark(m) next #0 → returned", "paced(b) next #0 → returned"],
      outcomes: ['mark(m) Completed "between"', 'paced(a) Completed "ran"', 'paced(b) Completed "ran"'],
    },
    order: "across runs",
  },
  {
    id: "finish-timeout",
    guarantee: "timeouts.finish cancels a run in its sleep: cancelled is told, onFailure is not called",
    evidence: {
      section: "§2.4",
      line: 329,
      mark: "V",
      reliedOnBy: "recover-preview, which listens to cancelled as well",
    },
    functions: (client) => [
      client.createFunction(
        {
          id: "slow",
          triggers: [{ event: "go" }],
          timeouts: { finish: "2s" },
          onFailure: async () => "never",
        },
        async ({ step }) => {
          await step.sleep("long", "20s");
          return "never";
        },
      ),
      client.createFunction(
        { id: "told", triggers: [{ event: "inngest/function.cancelled" }] },
        async ({ event }) => event.data.function_id,
      ),
    ],
    script: [send(go("a")), wait(7)],
    expected: {
      calls: ["slow(a) next #0 → Sleep long", "told(a) next #0 → returned"],
      outcomes: ["slow(a) Cancelled", 'told(a) Completed "finish-timeout-slow"'],
    },
    order: "each run",
  },
];
