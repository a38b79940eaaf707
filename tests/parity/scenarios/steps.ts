/** Steps: in turn, side by side, asleep, sending events (inngest.md §3.3, §3.5). */
import { type Scenario, send, wait } from "../scenario";

export const stepScenarios: readonly Scenario[] = [
  {
    id: "steps-in-turn",
    guarantee: "each request does one step, and the function ends with one more",
    evidence: {
      section: "§3.3",
      line: 414,
      mark: "V",
      reliedOnBy: "every function; a step's budget is a request's",
    },
    functions: (client) => [
      client.createFunction({ id: "work", triggers: [{ event: "go" }] }, async ({ step }) => {
        const made = await step.run("create", () => ({ id: "sbx" }));
        await step.sleep("wait", "2s");
        return step.run("ping", () => `${made.id}!`);
      }),
    ],
    script: [send({ name: "go", data: { tag: "a" } }), wait(5)],
    expected: {
      calls: [
        "work(a) next #0 → StepRun create",
        "work(a) next #0 → Sleep wait",
        "work(a) next #0 → StepRun ping",
        "work(a) next #0 → returned",
      ],
      outcomes: ['work(a) Completed "sbx!"'],
    },
    order: "each run",
  },
  {
    id: "parallel",
    guarantee: "steps side by side are planned, run one by one, and the function goes on when all are done",
    evidence: {
      section: "§3.5",
      line: 512,
      mark: "V",
      reliedOnBy: "products that mount Rekindle beside functions of their own",
    },
    functions: (client) => [
      client.createFunction({ id: "work", triggers: [{ event: "go" }] }, async ({ step }) => {
        const [a, , b] = await Promise.all([
          step.run("a", () => "A"),
          step.sleep("s", "2s"),
          step.run("b", () => "B"),
        ]);
        return step.run("c", () => `${a}${b}`);
      }),
    ],
    script: [send({ name: "go", data: { tag: "p" } }), wait(6)],
    expected: {
      calls: [
        "work(p) next #0 → StepPlanned a + Sleep s + StepPlanned b",
        "work(p) run a #0 → StepRun a",
        "work(p) run b #0 → StepRun b",
        "work(p) next #0 → StepPlanned c",
        "work(p) run c #0 → StepRun c",
        "work(p) next #0 → returned",
      ],
      outcomes: ['work(p) Completed "AB"'],
    },
    order: "each run",
  },
  {
    id: "sleep-until",
    guarantee: "a sleep until an instant ends then, not before",
    evidence: {
      section: "§3.3",
      line: 450,
      mark: "V",
      reliedOnBy: "pause-when-idle, which sleeps until the last sign of life is old",
    },
    functions: (client) => [
      client.createFunction({ id: "work", triggers: [{ event: "go" }] }, async ({ step, event }) => {
        await step.sleepUntil("until", new Date(event.data.until));
        return "woken";
      }),
      client.createFunction({ id: "early", triggers: [{ event: "check" }] }, async () => "before"),
    ],
    script: [
      {
        kind: "send",
        events: (now) => [{ name: "go", data: { tag: "u", until: Math.ceil(now / 1000) * 1000 + 3_000 } }],
      },
      wait(1),
      send({ name: "check", data: { tag: "c" } }),
      wait(5),
    ],
    expected: {
      calls: ["work(u) next #0 → Sleep until", "early(c) next #0 → returned", "work(u) next #0 → returned"],
      outcomes: ['early(c) Completed "before"', 'work(u) Completed "woken"'],
    },
    order: "across runs",
  },
  {
    id: "send-event",
    guarantee: "a function sends events as a step, once, and they start others",
    evidence: { section: "§1.5", line: 153, mark: "S", reliedOnBy: "every function's announce" },
    functions: (client) => [
      client.createFunction({ id: "work", triggers: [{ event: "go" }] }, async ({ step }) => {
        await step.sendEvent("tell", { name: "told", data: { tag: "t" } });
        await step.sleep("rest", "1s");
        return "told";
      }),
      client.createFunction({ id: "other", triggers: [{ event: "told" }] }, async () => "heard"),
    ],
    script: [send({ name: "go", data: { tag: "a" } }), wait(4)],
    expected: {
      calls: [
        "other(t) next #0 → returned",
        "work(a) next #0 → StepRun tell",
        "work(a) next #0 → Sleep rest",
        "work(a) next #0 → returned",
      ],
      outcomes: ['other(t) Completed "heard"', 'work(a) Completed "told"'],
    },
    order: "each run",
  },
];
