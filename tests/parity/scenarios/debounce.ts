/** Debounce (inngest.md §2.2): what extend-on-activity and pause-when-idle are made of. */
import type { InngestFunction } from "inngest";
import { type Scenario, send, wait } from "../scenario";

const beat = (tag: string, id?: string) => ({ name: "beat", data: { tag, key: "k" }, ...(id ? { id } : {}) });

type Options = Parameters<Parameters<Scenario["functions"]>[0]["createFunction"]>[0];

const debounced =
  (options: Pick<Options, "debounce" | "singleton" | "cancelOn" | "rateLimit">): Scenario["functions"] =>
  (client): readonly InngestFunction.Any[] => [
    client.createFunction(
      { id: "idle", triggers: [{ event: "beat" }], ...options },
      async ({ events }) => events.length,
    ),
  ];

const key = "event.data.key";

export const debounceScenarios: readonly Scenario[] = [
  {
    id: "debounce-last",
    guarantee: "debounce starts one run after the last event, with that event alone",
    evidence: { section: "§2.2", line: 296, mark: "V", reliedOnBy: "pause-when-idle, extend-on-activity" },
    functions: debounced({ debounce: { key, period: "2s" } }),
    script: [send(beat("a")), wait(1), send(beat("b")), wait(1), send(beat("c")), wait(6)],
    expected: { calls: ["idle(c) next #0 → returned"], outcomes: ["idle(c) Completed 1"] },
    order: "each run",
  },
  {
    id: "debounce-timeout",
    guarantee: "debounce's timeout closes a window that events keep open, and the next event opens another",
    evidence: { section: "§2.2", line: 299, mark: "V", reliedOnBy: "extend-on-activity's extendAtLatestMs" },
    functions: debounced({ debounce: { key, period: "3s", timeout: "5s" } }),
    // Without the timeout the third would have been replaced by the fourth: 4 s + 3 s + 1 s lies after 6.5 s.
    script: [
      send(beat("a")),
      wait(2),
      send(beat("b")),
      wait(2),
      send(beat("c")),
      wait(2.5),
      send(beat("d")),
      wait(7),
    ],
    expected: {
      calls: ["idle(c) next #0 → returned", "idle(d) next #0 → returned"],
      outcomes: ["idle(c) Completed 1", "idle(d) Completed 1"],
    },
    order: "across runs",
  },
  {
    id: "debounce-old-ts",
    guarantee: "debounce ignores an event whose ts is older than the stored one's",
    evidence: {
      section: "§2.2",
      line: 297,
      mark: "S",
      reliedOnBy: "pause-when-idle, when a beat is replayed",
    },
    functions: debounced({ debounce: { key, period: "2s" } }),
    script: [
      { kind: "send", events: (now) => [{ ...beat("new"), ts: now }] },
      wait(1),
      { kind: "send", events: (now) => [{ ...beat("old"), ts: now - 60_000 }] },
      wait(6),
    ],
    expected: { calls: ["idle(new) next #0 → returned"], outcomes: ["idle(new) Completed 1"] },
    order: "each run",
  },
  {
    id: "debounce-same-id",
    guarantee: "debounce does not look at event ids: the same id starts a second run after the first window",
    evidence: {
      section: "§2.2",
      line: 305,
      mark: "V",
      reliedOnBy: "user/active, which may be sent with any id",
    },
    functions: debounced({ debounce: { key, period: "1s" } }),
    script: [send(beat("first", "debounce-same")), wait(5), send(beat("second", "debounce-same")), wait(5)],
    expected: {
      calls: ["idle(first) next #0 → returned", "idle(second) next #0 → returned"],
      outcomes: ["idle(first) Completed 1", "idle(second) Completed 1"],
    },
    order: "across runs",
  },
  {
    id: "debounce-cancel",
    guarantee: "cancelOn has no effect while a debounce window is open",
    evidence: {
      section: "§2.2",
      line: 301,
      mark: "V",
      reliedOnBy: "why user/left has a function of its own",
    },
    functions: debounced({
      debounce: { key, period: "2s" },
      cancelOn: [{ event: "left", match: "data.key" }],
    }),
    script: [send(beat("a")), wait(1), send({ name: "left", data: { tag: "l", key: "k" } }), wait(5)],
    expected: { calls: ["idle(a) next #0 → returned"], outcomes: ["idle(a) Completed 1"] },
    order: "each run",
  },
  {
    id: "debounce-rate-limit",
    guarantee: "a rate limit is judged before debounce, so the run gets the first event",
    evidence: {
      section: "§2.2",
      line: 302,
      mark: "V",
      reliedOnBy: "why no debounced function here has a rate limit",
    },
    functions: debounced({ debounce: { key, period: "2s" }, rateLimit: { key, limit: 1, period: "1m" } }),
    script: [send(beat("a")), wait(1), send(beat("b")), wait(6)],
    expected: { calls: ["idle(a) next #0 → returned"], outcomes: ["idle(a) Completed 1"] },
    order: "each run",
  },
  {
    id: "debounce-singleton-skip",
    guarantee:
      "singleton skip is judged when the window closes, and drops the debounced event while a run is active",
    evidence: {
      section: "§2.2",
      line: 303,
      mark: "V",
      reliedOnBy: "why pause-when-idle has no singleton that skips",
    },
    functions: (client) => [
      client.createFunction(
        {
          id: "idle",
          triggers: [{ event: "beat" }],
          debounce: { key, period: "1s" },
          singleton: { key, mode: "skip" },
        },
        async ({ step }) => {
          await step.sleep("hold", "6s");
          return "held";
        },
      ),
    ],
    script: [send(beat("a")), wait(4), send(beat("dropped")), wait(9)],
    expected: {
      calls: ["idle(a) next #0 → Sleep hold", "idle(a) next #0 → returned"],
      outcomes: ['idle(a) Completed "held"'],
    },
    order: "each run",
  },
  {
    id: "debounce-singleton-cancel",
    guarantee:
      "the run of a newer window takes the singleton of an older run that sleeps, which is cancelled",
    evidence: {
      section: "§2.3",
      line: 314,
      mark: "V",
      reliedOnBy: "pause-when-idle, debounced and singleton cancel",
    },
    functions: (client) => [
      client.createFunction(
        {
          id: "idle",
          triggers: [{ event: "beat" }],
          debounce: { key, period: "1s" },
          singleton: { key, mode: "cancel" },
        },
        async ({ step }) => {
          await step.sleep("watch", "6s");
          return "watched";
        },
      ),
    ],
    script: [send(beat("old")), wait(4), send(beat("new")), wait(11)],
    expected: {
      calls: [
        "idle(old) next #0 → Sleep watch",
        "idle(new) next #0 → Sleep watch",
        "idle(new) next #0 → returned",
      ],
      outcomes: ['idle(new) Completed "watched"', "idle(old) Cancelled"],
    },
    order: "across runs",
  },
];
