/** What starts a run, and what does not: ids, keys, conditions, times, crons (inngest.md §1.4, §2.1, §2.6). */
import { cron } from "inngest";
import { type Scenario, send, wait } from "../scenario";

export const startScenarios: readonly Scenario[] = [
  {
    id: "event-id",
    guarantee: "an event id starts a function once in 24 hours",
    evidence: {
      section: "§2.6",
      line: 339,
      mark: "V",
      reliedOnBy: "open-preview's hand-over, sent with an id of its lease",
    },
    functions: (client) => [
      client.createFunction({ id: "work", triggers: [{ event: "go" }] }, async () => "ran"),
    ],
    script: [
      send({ name: "go", data: { tag: "first" }, id: "event-id-same" }),
      wait(1),
      send({ name: "go", data: { tag: "again" }, id: "event-id-same" }),
      send({ name: "go", data: { tag: "other" }, id: "event-id-other" }),
      wait(3),
    ],
    expected: {
      calls: ["work(first) next #0 → returned", "work(other) next #0 → returned"],
      outcomes: ['work(first) Completed "ran"', 'work(other) Completed "ran"'],
    },
    order: "each run",
  },
  {
    id: "idempotency",
    guarantee: "an idempotency key starts a function once, also when its run has ended",
    evidence: {
      section: "§2.6",
      line: 340,
      mark: "V",
      reliedOnBy: "products that mount Rekindle beside functions of their own",
    },
    functions: (client) => [
      client.createFunction(
        { id: "work", triggers: [{ event: "go" }], idempotency: "event.data.key + '-' + event.data.sha" },
        async () => "ran",
      ),
    ],
    script: [
      send({ name: "go", data: { tag: "first", key: "k", sha: "1" } }),
      wait(1),
      send({ name: "go", data: { tag: "again", key: "k", sha: "1" } }),
      send({ name: "go", data: { tag: "other", key: "k", sha: "2" } }),
      wait(3),
    ],
    expected: {
      calls: ["work(first) next #0 → returned", "work(other) next #0 → returned"],
      outcomes: ['work(first) Completed "ran"', 'work(other) Completed "ran"'],
    },
    order: "each run",
  },
  {
    id: "trigger-if",
    guarantee: "a trigger's condition decides, and one function may have several triggers",
    evidence: {
      section: "§2.1",
      line: 281,
      mark: "V",
      reliedOnBy: "recover-preview's conditions; sweep-previews' two triggers",
    },
    functions: (client) => [
      client.createFunction(
        { id: "work", triggers: [{ event: "go", if: "event.data.n > 1" }, { event: "other" }] },
        async ({ event }) => event.name,
      ),
    ],
    script: [
      send({ name: "go", data: { tag: "one", n: 1 } }),
      send({ name: "go", data: { tag: "two", n: 2 } }),
      send({ name: "other", data: { tag: "three" } }),
      wait(3),
    ],
    expected: {
      calls: ["work(three) next #0 → returned", "work(two) next #0 → returned"],
      outcomes: ['work(three) Completed "other"', 'work(two) Completed "go"'],
    },
    order: "each run",
  },
  {
    id: "future-ts",
    guarantee: "an event of the future starts its run then",
    evidence: { section: "§2.6", line: 342, mark: "V", reliedOnBy: "events whose ts a product sets" },
    functions: (client) => [
      client.createFunction({ id: "work", triggers: [{ event: "go" }] }, async () => "ran"),
    ],
    script: [
      { kind: "send", events: (now) => [{ name: "go", data: { tag: "late" }, ts: now + 3_000 }] },
      wait(1),
      send({ name: "go", data: { tag: "soon" } }),
      wait(5),
    ],
    expected: {
      calls: ["work(soon) next #0 → returned", "work(late) next #0 → returned"],
      outcomes: ['work(late) Completed "ran"', 'work(soon) Completed "ran"'],
    },
    order: "across runs",
  },
  {
    id: "cron",
    guarantee: "a cron fires by itself, with its expression and times as data",
    evidence: { section: "§1.4", line: 123, mark: "V", reliedOnBy: "sweep-previews" },
    functions: (client) => {
      let ticks = 0;
      return [
        client.createFunction(
          { id: "tick", triggers: [cron("* * * * *")], singleton: { mode: "skip" } },
          async ({ step, event }) => {
            ticks += 1;
            // A second tick within the scenario's time is none of its matter: the first run holds the singleton.
            if (ticks === 1) await step.sleep("hold", "1h");
            return Object.keys(event.data).toSorted();
          },
        ),
        client.createFunction({ id: "mark", triggers: [{ event: "mark" }] }, async () => "after"),
      ];
    },
    script: [wait(62), send({ name: "mark", data: { tag: "m" } }), wait(2)],
    expected: {
      calls: ["tick(cron) next #0 → Sleep hold", "mark(m) next #0 → returned"],
      outcomes: ['mark(m) Completed "after"'],
    },
    order: "across runs",
  },
];
