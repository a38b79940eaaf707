/** What is said of a preview that rests or moves, where one thing of it is otherwise than usual. */
import { describe, expect, test } from "vitest";
import { policy } from "@/inngest.config";
import { explain, whyRunning } from "@/lib/preview/explain";
import type { HistoryEntry, Moved } from "@/lib/preview/history";
import { reasonCopy } from "@/lib/preview/reasons";
import { aSnapshot, NOW } from "@/tests/support/records";

const MINUTE = 60_000;
const claim = { leaseId: "route-0011", leaseUntil: NOW + 1, claimedAt: NOW - 14_000 };

const moved = (more: Partial<Moved>): HistoryEntry => ({
  kind: "moved",
  at: NOW - MINUTE,
  from: "running",
  to: "pausing",
  reason: "idle",
  by: "idle-1",
  afterMs: 20 * MINUTE,
  ...more,
});
const note: HistoryEntry = { kind: "saved", at: NOW, revision: "r1", files: 1 };

describe("at rest", () => {
  test("one whose user is suspended is told what that means, and not to open it", () => {
    const suspended = { ...aSnapshot("paused"), suspendedBecause: "" };

    expect(whyRunning(suspended, [], policy)).toEqual([
      "Suspended. That was 1 min ago.",
      reasonCopy.suspended.message,
    ]);
  });

  test("what is gone was found so, and what failed was so", () => {
    expect(whyRunning(aSnapshot("expired"), [moved({})], policy)).toEqual([
      "The sandbox is gone. That was found 1 min ago.",
      reasonCopy["sandbox-gone"].message,
      "Before that it ran for 20 min.",
    ]);
    expect(whyRunning(aSnapshot("failed"), [], policy)[0]).toBe(
      "Installing the dependencies failed. That was 1 min ago.",
    );
  });

  test("how long it ran is what it was when it last stopped, and not what a renewal cut in two", () => {
    const ran = (history: readonly HistoryEntry[]) => whyRunning(aSnapshot("paused"), history, policy)[2];

    expect(ran([note, moved({ from: "pausing", to: "paused", afterMs: 2_000 }), moved({})])).toBe(
      "Before that it ran for 20 min.",
    );
    expect(ran([moved({ reason: "renewal" }), moved({})])).toBe("Opening wakes it.");
    expect(ran([note])).toBe("Opening wakes it.");
  });

  test("what it has waited for a place is told as none where it is not known", () => {
    const waiting = { ...aSnapshot("paused"), line: { position: 0 } };

    expect(whyRunning(waiting, [], policy)[0]).toBe(
      "It has waited for a place for 0 s: a place is free for it.",
    );
  });
});

describe("on its way", () => {
  const now = (
    state: "starting" | "resuming" | "pausing",
    more: Record<string, string | number>,
    history: HistoryEntry[],
  ) => whyRunning(aSnapshot(state, { ...claim, ...more }), history, policy);

  test("whoever began it is who moved it into this very state", () => {
    const history = [
      note,
      moved({ from: "starting", to: "paused", by: "audit-1" }),
      moved({ from: "paused", to: "resuming", by: "agent-1" }),
      moved({ from: "paused", to: "resuming", by: "route-1" }),
    ];

    expect(now("resuming", {}, history)[0]).toBe("Waking up for 14 s, since an agent asked for it.");
    expect(now("resuming", {}, [note])[0]).toBe("Waking up for 14 s.");
  });

  test("a pause says nothing of who opened it, nor of somebody who has not come", () => {
    expect(now("pausing", { phase: "save", phaseAt: NOW }, [moved({})])).toEqual([
      "Going to rest for 14 s.",
      "Resting: nobody was active.",
      "Now: Saving what changed in its files (0 s).",
    ]);
  });

  test("newer files are brought while it runs, and come when it runs again", () => {
    const asked = { syncAskedAt: NOW - MINUTE };

    expect(whyRunning(aSnapshot("running", asked), [], policy).at(-1)).toBe(
      "Newer files were announced 1 min ago; they are being brought.",
    );
    expect(whyRunning(aSnapshot("failed", asked), [], policy).at(-1)).toBe(
      "Newer files were announced 1 min ago; they come when it runs again.",
    );
  });
});

test("an entry tells only what it knows: no way back, no time, and what is kept beyond its time", () => {
  const { entries } = explain(
    aSnapshot("paused"),
    [
      moved({ from: "resuming", to: "running", reason: "returned", by: "route-1" }),
      { kind: "kept", at: NOW, sandboxId: "iabcd" },
    ],
    policy,
  );

  expect(entries[0]).toEqual({ at: NOW - MINUTE, title: "Running", detail: "By a person." });
  expect(entries[1]?.detail).toMatch(/could not be shown to be saved\. It stays, paused: iabcd\.$/);
});
