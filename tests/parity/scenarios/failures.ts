/** How work fails: retries, the one more call, what is told and to whom (inngest.md §1.5, §2.8, §3.4, §3.5, §3.8). */
import { eventType, NonRetriableError, RetryAfterError, StepError } from "inngest";
import { z } from "zod";
import { type Scenario, send, wait } from "../scenario";

const strict = eventType("strict", { schema: z.object({ tag: z.string(), count: z.number() }) });

export const failureScenarios: readonly Scenario[] = [
  {
    id: "retries",
    guarantee:
      "a step is repeated, fails for good at its last attempt, and the function is called once more with the error",
    evidence: {
      section: "§3.5",
      line: 503,
      mark: "V",
      reliedOnBy: "step-outcome.ts, whose last attempt turns an error into data",
    },
    functions: (client) => [
      client.createFunction(
        { id: "work", triggers: [{ event: "go" }], retries: 2, onFailure: async () => "cleaned" },
        async ({ step }) => {
          await step.run("a", () => null);
          await step.run("b", () => {
            throw new RetryAfterError("x", "2s");
          });
        },
      ),
    ],
    script: [send({ name: "go", data: { tag: "r" } }), wait(9)],
    expected: {
      calls: [
        "work(r) next #0 → StepRun a",
        "work(r) next #0 → StepError b",
        "work(r) next #1 → StepError b",
        "work(r) next #2 → StepFailed b",
        "work(r) next #0 → threw, final",
        "work-failure(r) next #0 → returned",
      ],
      outcomes: ["work(r) Failed: x", 'work-failure(r) Completed "cleaned"'],
    },
    order: "each run",
  },
  {
    id: "attempts-per-step",
    guarantee: "attempts are counted for each step anew",
    evidence: {
      section: "§1.5",
      line: 168,
      mark: "V",
      reliedOnBy: "step-outcome.ts, which counts attempts to know the last",
    },
    functions: (client) => [
      client.createFunction(
        { id: "work", triggers: [{ event: "go" }], retries: 1 },
        async ({ step, attempt }) => {
          const onceFailing = (name: string) =>
            step.run(name, () => {
              if (attempt === 0) throw new RetryAfterError(name, "1s");
              return name;
            });
          return [await onceFailing("first"), await onceFailing("second")];
        },
      ),
    ],
    script: [send({ name: "go", data: { tag: "r" } }), wait(7)],
    expected: {
      calls: [
        "work(r) next #0 → StepError first",
        "work(r) next #1 → StepRun first",
        "work(r) next #0 → StepError second",
        "work(r) next #1 → StepRun second",
        "work(r) next #0 → returned",
      ],
      outcomes: ['work(r) Completed ["first","second"]'],
    },
    order: "each run",
  },
  {
    id: "caught-failure",
    guarantee: "a function that catches a failed step goes on and completes",
    evidence: {
      section: "§2.8",
      line: 354,
      mark: "V",
      reliedOnBy: "products that compensate in a function's body",
    },
    functions: (client) => [
      client.createFunction({ id: "work", triggers: [{ event: "go" }], retries: 3 }, async ({ step }) => {
        try {
          await step.run("a", () => {
            throw new NonRetriableError("no");
          });
        } catch (error) {
          return step.run("undo", () => `undone ${error instanceof StepError}`);
        }
        return "not reached";
      }),
    ],
    script: [send({ name: "go", data: { tag: "c" } }), wait(3)],
    expected: {
      calls: [
        "work(c) next #0 → StepFailed a",
        "work(c) next #0 → StepRun undo",
        "work(c) next #0 → returned",
      ],
      outcomes: ['work(c) Completed "undone true"'],
    },
    order: "each run",
  },
  {
    id: "non-retriable",
    guarantee:
      "an error that must not be retried fails the run at once, and its own listeners are told by the prefixed id",
    evidence: {
      section: "§2.4",
      line: 325,
      mark: "V",
      reliedOnBy: "open-preview's NonRetriableError; recover-preview's triggers",
    },
    functions: (client) => [
      client.createFunction({ id: "work", triggers: [{ event: "go" }], retries: 3 }, async () => {
        throw new NonRetriableError("never");
      }),
      client.createFunction(
        {
          id: "told",
          triggers: [
            { event: "inngest/function.failed", if: "event.data.function_id == 'non-retriable-work'" },
            { event: "inngest/function.cancelled", if: "event.data.function_id == 'non-retriable-work'" },
          ],
        },
        async ({ event }) => [event.name, event.data.function_id],
      ),
      client.createFunction(
        {
          id: "deaf",
          triggers: [{ event: "inngest/function.failed", if: "event.data.function_id == 'work'" }],
        },
        async () => "an id without its prefix matches nothing",
      ),
    ],
    script: [send({ name: "go", data: { tag: "n" } }), wait(3)],
    expected: {
      calls: ["told(n) next #0 → returned", "work(n) next #0 → threw, final"],
      outcomes: [
        'told(n) Completed ["inngest/function.failed","non-retriable-work"]',
        "work(n) Failed: never",
      ],
    },
    order: "each run",
  },
  {
    id: "thrown-outside",
    guarantee: "an error outside of steps repeats the whole function, with the wait that the error asks for",
    evidence: {
      section: "§3.4",
      line: 479,
      mark: "V",
      reliedOnBy: "functions whose own code fails between steps",
    },
    functions: (client) => [
      client.createFunction({ id: "work", triggers: [{ event: "go" }], retries: 2 }, async ({ attempt }) => {
        if (attempt < 2) throw new RetryAfterError("again", "1s");
        return attempt;
      }),
    ],
    script: [send({ name: "go", data: { tag: "o" } }), wait(6)],
    expected: {
      calls: ["work(o) next #0 → threw", "work(o) next #1 → threw", "work(o) next #2 → returned"],
      outcomes: ["work(o) Completed 2"],
    },
    order: "each run",
  },
  {
    id: "invalid-event",
    guarantee: "an event that its schema refuses fails the run without a retry, and onFailure runs",
    evidence: {
      section: "§1.3",
      line: 95,
      mark: "V",
      reliedOnBy: "inngest/events.ts; recover-preview's no-preview",
    },
    functions: (client) => [
      client.createFunction(
        { id: "work", triggers: [strict], retries: 3, onFailure: async () => "cleaned" },
        async () => "not reached",
      ),
    ],
    script: [send({ name: "strict", data: { tag: "i", count: "three" } }), wait(3)],
    expected: {
      calls: ["work(i) next #0 → threw, final", "work-failure(i) next #0 → returned"],
      // The sentence is zod's, as the SDK sends it.
      outcomes: [
        "work(i) Failed: count: Invalid input: expected number, received string",
        'work-failure(i) Completed "cleaned"',
      ],
    },
    order: "each run",
  },
];
