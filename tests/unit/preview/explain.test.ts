/** What "why is this sandbox running?" answers, for each state and for each kind of entry. */
import { describe, expect, test } from "vitest";
import { policy } from "@/inngest.config";
import { entryWords } from "@/lib/preview/entry-words";
import { explain, whyRunning } from "@/lib/preview/explain";
import { type HistoryEntry, parseHistory } from "@/lib/preview/history";
import { reasonCopy, reasonSchema } from "@/lib/preview/reasons";
import { aSnapshot, NOW, states } from "@/tests/support/records";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

type Fields = Readonly<Record<string, string | number>>;

/** An entry as the stream answers it, so that a test cannot invent a shape which is never written. */
function entry(kind: string, agoMs: number, fields: Fields): HistoryEntry {
  const lines = Object.entries(fields).flat().join("\n");
  const [parsed] = parseHistory([[`${NOW - agoMs}-0`, ["kind", kind, "fields", lines]]]);
  if (!parsed) throw new Error(`no such entry: ${kind} ${lines}`);
  return parsed;
}

const moved = (agoMs: number, fields: Fields): HistoryEntry =>
  entry("moved", agoMs, { by: "route-0011", reason: "requested", afterMs: 0, ...fields });

const opened = moved(12 * MINUTE, {
  from: "resuming",
  to: "running",
  reason: "returned",
  afterMs: 900,
  cameBack: "resumed",
  tookMs: 900,
});
const renewal = [
  moved(3 * MINUTE, {
    from: "resuming",
    to: "running",
    reason: "renewed",
    by: "renew-01",
    cameBack: "resumed",
    tookMs: 2_900,
  }),
  moved(3 * MINUTE, { from: "pausing", to: "resuming", reason: "renewal", by: "renew-01", afterMs: 2_000 }),
  moved(3 * MINUTE, { from: "running", to: "pausing", reason: "renewal", by: "renew-01", afterMs: 540_000 }),
];

const running: Fields = {
  lastActiveAt: NOW - 40 * SECOND,
  readyAt: NOW - 12 * MINUTE,
  runStartedAt: NOW - 12 * MINUTE,
  endsAt: NOW + 15 * MINUTE,
};
const why = (fields: Fields = {}, history: HistoryEntry[] = [opened], viewers = 1, holds = 0) =>
  whyRunning(aSnapshot("running", { ...running, ...fields }, viewers, holds), history, policy);

describe("why it runs", () => {
  test("tells since when, who opened it and how it came back, who is there, and what comes", () => {
    expect(why({ extendedAt: NOW - 30 * SECOND })).toEqual([
      "Running for 12 min, since a person opened it.",
      "Resumed: the same processes, where they stood still; that took 0.9 s.",
      "1 viewer is there, and no agent works in it.",
      "It was last used 40 s ago.",
      "The provider would pause it by itself in 15 min, as it confirmed 30 s ago.",
      "Without use it rests in 9 min: 10 min after the last sign of life.",
      "The plan ends this run in 48 min; while it is in use it is renewed before, from 41 min on, in a quiet moment, with memory and processes kept.",
    ]);
  });

  test("counts renewals and still tells who opened it before them", () => {
    const sentences = why({ renewedAt: NOW - 3 * MINUTE, renewTookMs: 2_900 }, [
      ...renewal,
      ...renewal,
      opened,
    ]);

    expect(sentences[0]).toBe("Running for 12 min, since a person opened it.");
    expect(sentences[2]).toBe(
      "Its run was renewed 2 times since, last 3 min ago in 2.9 s, with memory and processes kept.",
    );
  });

  test("says of a single renewal only when it was", () => {
    const sentences = why({ renewedAt: NOW - 3 * MINUTE, renewTookMs: 2_900 }, [...renewal, opened]);

    expect(sentences[2]).toBe(
      "Its run was renewed once since, 3 min ago in 2.9 s, with memory and processes kept.",
    );
  });

  test("does not take for a renewal what ended with other processes", () => {
    const lost = moved(MINUTE, {
      from: "resuming",
      to: "running",
      reason: "renewed-restarted",
      by: "renew-01",
      cameBack: "restarted",
      tookMs: 9_000,
    });

    expect(why({}, [lost, opened]).slice(0, 2)).toEqual([
      "Running for 1 min, since its run came near its end.",
      "Resumed, but the dev server had to be started again: its memory is lost, its files are there; that took 9 s.",
    ]);
  });

  test("goes by the record where the history has forgotten the beginning", () => {
    expect(why({}, [])[0]).toBe("Running for 12 min.");
  });

  test.each([
    ["route-0011", "a person opened it"],
    ["agent-0011", "an agent asked for it"],
    ["open-01ABC", "the product asked for it"],
    ["left-01ABC", "somebody came while it was going to rest"],
    ["check-01ABC", "a look found that it was in use"],
  ])("tells what the claim %s was: %s", (by, words) => {
    const came = moved(MINUTE, { from: "starting", to: "running", by });
    expect(why({}, [came])[0]).toBe(`Running for 1 min, since ${words}.`);
  });

  test("names the agents that hold it and for how long, and that it does not rest meanwhile", () => {
    const held = (by: string, agoMs: number) => entry("held", agoMs, { by, until: NOW + 14 * MINUTE });
    const history = [
      held("tests", MINUTE),
      entry("released", 2 * MINUTE, { by: "lint" }),
      held("lint", 3 * MINUTE),
      entry("held", 40 * MINUTE, { by: "crashed", until: NOW - MINUTE }),
      opened,
    ];
    const sentences = why({ heldUntil: NOW + 14 * MINUTE }, history, 0, 1);

    expect(sentences).toContain(
      "Nobody is watching it, and 1 agent works in it (“tests”), for 14 min at the longest.",
    );
    expect(sentences).toContain(
      "It does not rest while an agent works in it; without other use it rests in 24 min.",
    );
  });

  test("tells that everybody has left, and when it rests for that", () => {
    const fields = { leftAt: NOW - 30 * SECOND };
    expect(why(fields, [opened], 0)).toContain(
      "Everybody left 30 s ago, so it rests in 2 min unless somebody comes back.",
    );
  });

  test("tells a rest that nobody made", () => {
    const idle = NOW - policy.idleAfterMs - 2 * MINUTE;
    expect(why({ lastActiveAt: idle, readyAt: idle })).toContain(
      "It should have gone to rest 2 min ago, and does at the next look.",
    );
  });

  test("tells that its run's end is so near that it is renewed in the next quiet moment", () => {
    const runStartedAt = NOW - policy.maxRunMs + 5 * MINUTE;
    expect(why({ runStartedAt }).at(-1)).toMatch(
      /^The plan ends this run in 5 min; .* renewed before, now, in a quiet/,
    );
  });

  test("tells that a run is over whose end has passed, whatever the record says", () => {
    expect(why({ endsAt: NOW - MINUTE })[0]).toBe(
      "The end that the provider confirmed passed 1 min ago, where a sandbox is paused with its memory kept.",
    );
  });
});

describe("why it moves", () => {
  const claim = {
    leaseId: "route-0011",
    leaseUntil: NOW + 1,
    leaseKind: "open",
    claimedAt: NOW - 14 * SECOND,
  };
  const step = { phase: "install", phaseAt: NOW - 9_500 };

  test("tells since when, for whom, and the step under way", () => {
    const starts = moved(14 * SECOND, { from: "absent", to: "starting" });
    expect(whyRunning(aSnapshot("starting", { ...claim, ...step }), [starts], policy)).toEqual([
      "Starting for 14 s, since a person opened it.",
      "Opened.",
      "Now: Installing dependencies (9.5 s).",
    ]);
  });

  test("tells a renewal as what it is", () => {
    const fields = {
      ...claim,
      claimedAt: NOW - 1_500,
      phase: "pause",
      phaseAt: NOW - SECOND,
      reason: "renewal",
    };
    expect(whyRunning(aSnapshot("pausing", { ...fields, wanted: "running" }), renewal, policy)).toEqual([
      "Renewing its run for 1.5 s; that takes about 3 s, with memory and processes kept.",
      "Now: Pausing, with memory and processes kept (1 s).",
    ]);
  });

  test("tells that nobody is at work on it any more", () => {
    expect(whyRunning(aSnapshot("resuming"), [], policy).at(-1)).toBe(
      "Whoever was at work on it has stopped; whoever opens it goes on, or the sweep.",
    );
  });

  test("tells that it wakes as soon as it rests when somebody came meanwhile", () => {
    expect(whyRunning(aSnapshot("pausing", { ...claim, wanted: "running" }), [], policy).at(-1)).toBe(
      "Somebody came meanwhile, so it wakes as soon as it rests.",
    );
  });
});

describe("why it rests or failed", () => {
  const stopped = [
    moved(MINUTE, { from: "pausing", to: "paused", reason: "idle", by: "idle-01-0", afterMs: 2_100 }),
    moved(MINUTE, { from: "running", to: "pausing", reason: "idle", by: "idle-01-0", afterMs: 32 * MINUTE }),
  ];

  test("tells since when, why, how long it ran, and the way back", () => {
    expect(whyRunning(aSnapshot("paused", { reason: "idle" }), stopped, policy)).toEqual([
      "Resting: nobody was active. That was 1 min ago.",
      reasonCopy.idle.message,
      "Before that it ran for 32 min.",
      "Opening wakes it.",
    ]);
  });

  test("tells that a failed start waits for a person", () => {
    expect(whyRunning(aSnapshot("failed", { reason: "install-failed" }), [], policy).at(-1)).toBe(
      "It starts again only when a person tries again.",
    );
  });

  test("tells what of its files is not in the project, and what waits for its wake", () => {
    const files = { savedAt: NOW - 3 * MINUTE, unsaved: 1, syncAskedAt: NOW - 20 * SECOND };
    expect(whyRunning(aSnapshot("paused", files), [], policy).slice(-3)).toEqual([
      "Its files were last known to be in the project 3 min ago.",
      "1 file in it could not be given back to the project; what was changed stays in the sandbox.",
      "Newer files were announced 20 s ago; they come when it runs again.",
    ]);
  });

  test("never says of a sandbox that is gone that files stay in it", () => {
    expect(whyRunning(aSnapshot("expired", { unsaved: 2 }), [], policy).at(-1)).toBe(
      "2 files of the sandbox that is gone had not been given back to the project.",
    );
  });
});

test("every state is explained in whole sentences, under every reason", () => {
  for (const state of states) {
    for (const reason of reasonSchema.options) {
      const sentences = whyRunning(aSnapshot(state, { reason }), [opened], policy);
      expect(sentences.length).toBeGreaterThan(0);
      for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z0-9].*[.?]$/);
      expect(sentences.join(" ")).not.toMatch(/undefined|NaN|Infinity|route-/);
    }
  }
});

describe("one entry reads", () => {
  const told: [HistoryEntry, string, string][] = [
    [opened, "Running", "Resumed: the same processes, where they stood still. By a person, in 0.9 s."],
    [moved(0, { from: "absent", to: "starting" }), "Starting", "Opened. By a person."],
    [
      moved(0, { from: "running", to: "pausing", reason: "idle", by: "idle-1-0", afterMs: 600_000 }),
      "Going to rest",
      "Resting: nobody was active. By the watch over idleness, after 10 min of running.",
    ],
    [
      moved(0, { from: "pausing", to: "paused", reason: "left", by: "left-1", afterMs: 2_100 }),
      "At rest",
      "Resting: everybody left. By the watch over who leaves, after 2.1 s of going to rest.",
    ],
    [
      moved(0, { from: "paused", to: "resuming", reason: "returned", afterMs: 1_260_000 }),
      "Waking up",
      "Welcome back. By a person, after 21 min of rest.",
    ],
    [
      moved(0, { from: "paused", to: "expired", reason: "sandbox-gone", by: "check-1", afterMs: 7_200_000 }),
      "Sandbox gone",
      "The sandbox is gone. By a look of the sweep, after 2 h of rest.",
    ],
    [
      moved(0, { from: "starting", to: "failed", reason: "install-failed", by: "open-1", afterMs: 12_000 }),
      "Did not start",
      "Installing the dependencies failed. By an event of the product, after 12 s of starting.",
    ],
    [
      moved(0, { from: "running", to: "pausing", reason: "renewal", by: "renew-1-0", afterMs: 3_200_000 }),
      "Renewing its run",
      "By the watch over its run, after 53 min of running.",
    ],
    [
      moved(0, {
        from: "resuming",
        to: "running",
        reason: "renewed",
        by: "renew-1",
        cameBack: "resumed",
        tookMs: 2_900,
      }),
      "Renewed",
      "Its run was renewed: the same processes, memory kept. By the watch over its run, in 2.9 s.",
    ],
    [
      moved(0, {
        from: "starting",
        to: "running",
        reason: "renewed-restarted",
        by: "renew-1",
        cameBack: "rebuilt-cold",
      }),
      "Running",
      "Built from the project's files. By the watch over its run.",
    ],
    [
      entry("held", 0, { by: "agent-1", until: NOW + 3_600_000 }),
      "An agent works here",
      "Hold “agent-1”, for 1 h at the longest.",
    ],
    [entry("released", 0, { by: "agent-1" }), "An agent is done", "Hold “agent-1” was given back."],
    [
      entry("saved", 0, { revision: "0123456789", files: 3 }),
      "Files saved",
      "3 files given back to the project: revision 0123456.",
    ],
    [
      entry("not-saved", 0, { files: 1, why: "not-supported" }),
      "Files not saved",
      "1 file not given back: the project takes no changes back. What was changed stays in the sandbox.",
    ],
    [
      entry("synced", 0, { revision: "abc", files: 5, overwritten: 0 }),
      "Newer files brought",
      "5 files of revision abc.",
    ],
    [
      entry("synced", 0, { revision: "abc", files: 5, overwritten: 1 }),
      "Newer files brought",
      "5 files of revision abc. 1 file had unsaved changes, which are kept aside in the sandbox.",
    ],
    [
      entry("put-aside", 0, { sandboxId: "iabcd", what: "missing-file" }),
      "A damaged sandbox was put aside",
      "After its pause it was found damaged (missing file). It is kept, paused: iabcd.",
    ],
  ];
  test.each(told)("%j as “%s”: %s", (from, title, detail) => {
    expect(entryWords(from)).toEqual({ at: from.at, title, detail });
  });

  test.each(["stale-base", "not-supported", "left-out", "failed"])(
    "files that could not be saved (%s) as still there",
    (reason) => {
      expect(entryWords(entry("not-saved", 0, { files: 2, why: reason })).detail).toMatch(
        /stays in the sandbox/,
      );
    },
  );

  test("of every move, whatever its reason, with words and without an id of a claim", () => {
    for (const to of states) {
      for (const reason of reasonSchema.options) {
        const { title, detail } = entryWords(moved(0, { from: "paused", to, reason, by: "idle-SECRETID-0" }));
        expect(`${title}: ${detail}`).toMatch(/^[A-Z].+: [A-Z].+\.$/);
        expect(detail).not.toContain("SECRETID");
      }
    }
  });
});

test("the entries are told newest first, as the history has them", () => {
  const { entries } = explain(aSnapshot("running"), [...renewal, opened], policy);
  expect(entries.map(({ title }) => title)).toEqual([
    "Renewed",
    "Renewing its run: waking up",
    "Renewing its run",
    "Running",
  ]);
});

test("one that waits for a place says where it stands, and nothing of how it rests", () => {
  const snapshot = aSnapshot("paused", { reason: "idle", waitingSince: NOW - 3 * MINUTE });
  expect(whyRunning({ ...snapshot, line: { position: 2, waitMs: 90_000 } }, [], policy)).toEqual([
    "It has waited for a place for 3 min: 2nd in line, about 2 min.",
    "As many sandboxes run as the plan allows; it starts by itself when its turn comes.",
  ]);
});
