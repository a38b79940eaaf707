/** What a person is shown: the state, exactly the action that helps, and times of the server. */
import { describe, expect, test } from "vitest";
import { policy } from "@/inngest.config";
import { reasonCopy, reasonSchema } from "@/lib/preview/reasons";
import { phaseSchema, type Snapshot } from "@/lib/preview/record";
import type { State } from "@/lib/preview/transitions";
import { viewOf } from "@/lib/preview/view";
import { aSnapshot, NOW, SANDBOX_ID, states } from "@/tests/support/records";

const view = (snapshot: Snapshot, logTail = "") =>
  viewOf(snapshot, { policy, logTail, previewUrl: (sandboxId, port) => `https://${port}-${sandboxId}.test` });
const claim = { leaseId: "somebody-at-work", leaseUntil: NOW + 1, leaseKind: "open" };

/** Nobody is at work on any of these: what moves without a worker can be taken over by whoever asks. */
const actions: [State, Record<string, string>, string][] = [
  ["absent", { reason: "never-opened" }, "open"],
  ["starting", {}, "open"],
  ["running", {}, "none"],
  ["pausing", {}, "open"],
  ["resuming", {}, "open"],
  ["paused", { reason: "idle" }, "open"],
  ["paused", { reason: "left" }, "open"],
  ["paused", { reason: "provider-paused" }, "open"],
  ["paused", { reason: "provider-unreachable" }, "try-again"],
  ["paused", { reason: "requested" }, "open"],
  ["expired", { reason: "sandbox-gone" }, "open"],
  ["failed", { reason: "install-failed" }, "try-again"],
  ["failed", { reason: "interrupted" }, "open"],
];
test.each(actions)("%s %j offers %s", (state, fields, action) => {
  expect(view(aSnapshot(state, fields)).action).toBe(action);
});

test.each(states)("while somebody is at work on it, %s offers nothing to press", (state) => {
  expect(view(aSnapshot(state, claim)).action).toBe("none");
});

test("at rest there is always something to press, whatever the reason", () => {
  for (const state of ["absent", "paused", "expired", "failed"] as const) {
    for (const reason of reasonSchema.options) {
      expect([state, reason, view(aSnapshot(state, { reason })).action]).not.toContain("none");
    }
  }
});

test("every time comes with the server's now", () => {
  for (const state of states) expect(view(aSnapshot(state)).serverNow).toBe(NOW);
});

test("the address is shown while it runs, and only then", () => {
  for (const state of states) {
    expect(view(aSnapshot(state)).url).toBe(
      state === "running" ? `https://3000-${SANDBOX_ID}.test` : undefined,
    );
  }
});

test("a running preview says when it rests, when the provider would end it, and how it came back", () => {
  const shown = view(aSnapshot("running", { lastActiveAt: NOW - 1_000 }, 2));

  expect(shown).toMatchObject({
    restsAt: NOW - 1_000 + policy.idleAfterMs,
    providerEndsAt: NOW + 900_000,
    viewers: 2,
    cameBack: { how: "resumed", at: NOW - 3_600_000, tookMs: 900 },
  });
});

test.each([
  [-1, "running", "none"],
  [0, "paused", "open"],
  [1, "paused", "open"],
])("a run at its confirmed end and %i ms is shown as %s", (pastMs, state, action) => {
  const shown = view(aSnapshot("running", { endsAt: NOW - pastMs }));

  expect(shown).toMatchObject({ state, action });
  expect(shown.url === undefined).toBe(state === "paused");
  expect(shown.pausedAt).toBe(state === "paused" ? NOW - pastMs : undefined);
});

test("a paused preview says since when", () => {
  expect(view(aSnapshot("paused"))).toMatchObject({ pausedAt: NOW - 60_000 });
  expect(view(aSnapshot("running")).pausedAt).toBeUndefined();
});

test("a preview that everybody has left rests after the grace, and says so", () => {
  const leftAt = NOW - 1_000;
  const left = aSnapshot("running", { lastActiveAt: leftAt, leftAt, readyAt: leftAt });

  expect(view(left).restsAt).toBe(leftAt + policy.graceAfterLeftMs);
  expect(view({ ...left, viewers: 1 }).restsAt).toBe(leftAt + policy.idleAfterMs);
});

test("a warning is shown while an end is near, and not once its end has passed", () => {
  const idle = { lastActiveAt: NOW - policy.idleAfterMs };

  expect(view(aSnapshot("running", idle, 1)).warning).toMatchObject({ kind: "idle", deadline: NOW });
  expect(view(aSnapshot("running", {}, 1)).warning).toBeUndefined();
  expect(view(aSnapshot("running", { ...idle, endsAt: NOW }, 1)).warning).toBeUndefined();
});

test.each([
  [0, undefined],
  [2, NOW + 60_000],
])("with %i agents at work, the end of the last hold is %s", (holds, heldUntil) => {
  const shown = view(aSnapshot("running", { heldUntil: NOW + 60_000 }, 0, holds));

  expect([shown.holds, shown.heldUntil]).toEqual([holds, heldUntil]);
});

describe("a renewal", () => {
  test.each(["pausing", "resuming"] as const)(
    "is told while it is %s, with its estimate and its beginning",
    (state) => {
      const shown = view(aSnapshot(state, { reason: "renewal", ...claim, claimedAt: NOW - 1_500 }));

      expect(shown.renewal).toEqual({ estimateMs: policy.renewEstimateMs, startedAt: NOW - 1_500 });
      expect(shown.reason.code).toBe("renewal");
    },
  );

  test("is estimated by the last one where there was one", () => {
    const shown = view(aSnapshot("pausing", { reason: "renewal", renewTookMs: 2_900 }));

    expect(shown.renewal?.estimateMs).toBe(2_900);
  });

  test("is no pause for any other reason, and no state but those two", () => {
    expect(view(aSnapshot("pausing", { reason: "idle" })).renewal).toBeUndefined();
    for (const state of states) {
      const isOne = state === "pausing" || state === "resuming";
      expect(view(aSnapshot(state, { reason: "renewal" })).renewal !== undefined).toBe(isOne);
    }
  });

  test("that kept its processes is told as one, and the document that shows them stays", () => {
    const readyAt = NOW - 3_600_000;
    const renewed = { renewedAt: NOW, renewTookMs: 2_900 };
    const fields = { reason: "renewed", cameBack: "resumed", readyAt, tookMs: 900, ...renewed };

    expect(view(aSnapshot("running", fields))).toMatchObject({
      reason: { code: "renewed" },
      cameBack: { how: "resumed", at: readyAt, tookMs: 2_900 },
    });
    expect(view(aSnapshot("running", fields)).cameBack?.title).toMatch(
      /renewed.*same processes, memory kept/,
    );
  });

  test.each(["restarted", "rebuilt-cold"])(
    "that ended with other processes (%s) promises no memory",
    (cameBack) => {
      const shown = view(aSnapshot("running", { reason: "renewed-restarted", cameBack, readyAt: NOW }));

      expect(shown.cameBack).toMatchObject({ how: cameBack, at: NOW });
      expect(`${shown.cameBack?.title} ${shown.reason.message}`).not.toMatch(/memory kept|same processes/);
    },
  );

  test("that lost its sandbox is a start like any other, and says what is lost", () => {
    const shown = view(aSnapshot("starting", { reason: "renewal" }));

    expect(shown.reason.code).toBe("renewed-restarted");
    expect(shown.renewal).toBeUndefined();
  });
});

describe("the files", () => {
  test("are told with their revision, when they were saved, how many could not be, and what waits", () => {
    const fields = { revision: "r7", savedAt: NOW - 5_000, unsaved: 2, syncAskedAt: NOW - 1_000 };

    expect(view(aSnapshot("running", fields)).files).toEqual({
      revision: "r7",
      savedAt: NOW - 5_000,
      unsaved: 2,
      syncAskedAt: NOW - 1_000,
    });
  });

  test("are not told before any were brought, and without what is not known", () => {
    expect(view(aSnapshot("running")).files).toBeUndefined();
    expect(view(aSnapshot("paused", { revision: "r7" })).files).toEqual({ revision: "r7" });
  });
});

describe("the step under way", () => {
  test.each(["starting", "resuming", "pausing"] as const)(
    "is named while it is %s, with its beginning",
    (state) => {
      const shown = view(aSnapshot(state, { phase: "start", phaseAt: NOW - 3_000, claimedAt: NOW - 9_000 }));

      expect(shown.step).toMatchObject({ phase: "start", startedAt: NOW - 3_000 });
      expect(shown.waitingSince).toBe(NOW - 9_000);
    },
  );

  test("has a title for every phase", () => {
    for (const phase of phaseSchema.options) {
      expect(view(aSnapshot("starting", { phase })).step?.title).toMatch(/^[A-Z].+/);
    }
  });

  test("is not shown of what does not move", () => {
    for (const state of ["absent", "running", "paused", "expired", "failed"] as const) {
      expect(view(aSnapshot(state, { phase: "start" })).step).toBeUndefined();
    }
  });

  test("of a start stands among those behind and ahead; a resume shows only its own", () => {
    const start = view(aSnapshot("starting", { phase: "install" }));

    expect(start.steps?.map(({ phase, standing }) => [phase, standing])).toEqual([
      ["sandbox", "done"],
      ["files", "done"],
      ["install", "current"],
      ["start", "ahead"],
      ["answer", "ahead"],
    ]);
    expect(view(aSnapshot("resuming", { phase: "sandbox" })).steps).toBeUndefined();
  });
});

test("the log's tail is shown while it starts and after it failed, and nowhere else", () => {
  for (const state of states) {
    const isShown = state === "starting" || state === "failed";
    expect(view(aSnapshot(state), "npm ERR!").logTail).toBe(isShown ? "npm ERR!" : undefined);
  }
});

test("nothing of the claim, the epoch or the boot is shown", () => {
  for (const state of states) {
    const text = JSON.stringify(view(aSnapshot(state, { ...claim, bootId: "boot-secret", revision: "r1" })));
    expect(text).not.toContain("somebody-at-work");
    expect(text).not.toContain("boot-secret");
    expect(text).not.toContain("epoch");
  }
});

describe("every reason", () => {
  test.each(reasonSchema.options)("%s has a title and a message that a person can read", (reason) => {
    const { title, message } = reasonCopy[reason];

    expect(title).toMatch(/^[A-Z].{3,50}$/);
    expect(message).toMatch(/^[A-Z].{15,}[.?]$/);
    expect(`${title} ${message}`).not.toMatch(/undefined|null|error code|exception|lease|epoch/i);
  });

  test("speaks of loss only where the provider was just asked, or the processes were looked at", () => {
    const losing = reasonSchema.options.filter((reason) =>
      /\blost\b|\bloss\b/.test(reasonCopy[reason].message),
    );

    expect(losing).toEqual(["renewed-restarted", "sandbox-gone"]);
  });
});

describe("waiting for a place", () => {
  const fields = { waitingSince: NOW - 60_000, wanted: "running" };

  test.each(["absent", "paused", "expired", "failed"] as const)(
    "one that is %s tells its position and time, and offers nothing to press",
    (state) => {
      const line = { position: 3, waitMs: 120_000 };
      const shown = view({ ...aSnapshot(state, fields), line });

      expect(shown).toMatchObject({ state, action: "none", reason: { code: "no-place" } });
      expect(shown.line).toEqual({ position: 3, waitMs: 120_000, since: NOW - 60_000 });
    },
  );

  test("no time is told where none is known", () => {
    const shown = view({ ...aSnapshot("absent", fields), line: { position: 1 } });
    expect(shown.line).toEqual({ position: 1, since: NOW - 60_000 });
  });

  test("one that went back to rest for want of a place and does not wait any more says so, and can be opened", () => {
    const shown = view(aSnapshot("paused", { reason: "no-place" }));
    expect(shown).toMatchObject({ reason: { code: "provider-capacity" }, action: "open" });
    expect(shown.line).toBeUndefined();
  });
});
