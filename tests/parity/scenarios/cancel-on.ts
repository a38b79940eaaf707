/** cancelOn (inngest.md §2.4, §5.2): how a return cancels pause-on-leave. */
import { type Scenario, send, wait } from "../scenario";

const left = (tag: string, data: Readonly<Record<string, unknown>> = { key: "k" }) => ({
  name: "left",
  data: { tag, ...data },
});
const active = (data: Readonly<Record<string, unknown>> = { key: "k" }) => ({
  name: "active",
  data: { tag: "x", ...data },
});

const graceful: Scenario["functions"] = (client) => [
  client.createFunction(
    {
      id: "leave",
      triggers: [{ event: "left" }],
      cancelOn: [{ event: "active", if: "event.data.key == async.data.key" }],
      onFailure: async () => "never",
    },
    async ({ step }) => {
      await step.sleep("grace", "4s");
      return "paused";
    },
  ),
  client.createFunction(
    { id: "told", triggers: [{ event: "inngest/function.cancelled" }] },
    async ({ event }) => event.data.function_id,
  ),
];

const wentOn = (id: string, tag: string) => ({
  calls: [`${id}(${tag}) next #0 → Sleep grace`, `${id}(${tag}) next #0 → returned`],
  outcomes: [`${id}(${tag}) Completed "paused"`],
});

export const cancelScenarios: readonly Scenario[] = [
  {
    id: "cancel-in-sleep",
    guarantee:
      "an event cancels a sleeping run: cancelled is told with the prefixed id, onFailure is not called",
    evidence: { section: "§2.4", line: 323, mark: "V", reliedOnBy: "pause-on-leave, when somebody returns" },
    functions: graceful,
    script: [send(left("a")), wait(1.5), send(active()), wait(5)],
    expected: {
      calls: ["leave(a) next #0 → Sleep grace", "told(a) next #0 → returned"],
      outcomes: ["leave(a) Cancelled", 'told(a) Completed "cancel-in-sleep-leave"'],
    },
    order: "each run",
  },
  {
    id: "cancel-other-key",
    guarantee: "an event of another key cancels nothing",
    evidence: {
      section: "§2.4",
      line: 320,
      mark: "V",
      reliedOnBy: "pause-on-leave: other previews' signs of life",
    },
    functions: graceful,
    script: [send(left("a")), wait(1.5), send(active({ key: "other" })), wait(6)],
    expected: wentOn("leave", "a"),
    order: "each run",
  },
  {
    id: "cancel-missing",
    guarantee: "two missing fields are not equal, so cancelOn never matches on nothing",
    evidence: {
      section: "§5.2",
      line: 646,
      mark: "V",
      reliedOnBy: "pause-on-leave, whose events might lack a field",
    },
    functions: graceful,
    script: [send(left("a", {})), wait(1.5), send(active({})), wait(6)],
    expected: wentOn("leave", "a"),
    order: "each run",
  },
  {
    id: "cancel-too-early",
    guarantee: "a cancel event that is sent together with the trigger is lost",
    evidence: {
      section: "§2.4",
      line: 322,
      mark: "V",
      reliedOnBy: "pause-on-leave re-reads presence: cancelOn is a saving",
    },
    functions: graceful,
    script: [send(left("a"), active()), wait(8)],
    expected: wentOn("leave", "a"),
    order: "each run",
  },
  {
    id: "cancel-in-flight",
    guarantee:
      "a cancel does not interrupt the step in flight, whose output is lost, and no later step starts",
    evidence: { section: "§2.4", line: 324, mark: "V", reliedOnBy: "why every act is fenced by a claim" },
    functions: (client, { pause }) => [
      client.createFunction(
        { id: "leave", triggers: [{ event: "left" }], cancelOn: [{ event: "active", match: "data.key" }] },
        async ({ step }) => {
          await step.run("act", () => pause(3));
          await step.run("after", () => null);
          return "never";
        },
      ),
    ],
    script: [send(left("a")), wait(1.5), send(active()), wait(5)],
    expected: { calls: ["leave(a) next #0 → StepRun act"], outcomes: ["leave(a) Cancelled"] },
    order: "each run",
  },
  {
    id: "cancel-own-trigger",
    guarantee: "a run's own trigger event does not cancel it; the next one cancels it and starts another",
    evidence: {
      section: "§2.4",
      line: 328,
      mark: "S",
      reliedOnBy: "functions that a newer request of the same name replaces",
    },
    functions: (client) => [
      client.createFunction(
        { id: "leave", triggers: [{ event: "left" }], cancelOn: [{ event: "left", match: "data.key" }] },
        async ({ step }) => {
          await step.sleep("grace", "4s");
          return "paused";
        },
      ),
    ],
    script: [send(left("a")), wait(1.5), send(left("b")), wait(7)],
    expected: {
      calls: [
        "leave(a) next #0 → Sleep grace",
        "leave(b) next #0 → Sleep grace",
        "leave(b) next #0 → returned",
      ],
      outcomes: ["leave(a) Cancelled", 'leave(b) Completed "paused"'],
    },
    order: "across runs",
  },
];
