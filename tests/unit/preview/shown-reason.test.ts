/** Which of several reasons a person is shown, and what is added to its words. */
import { describe, expect, test } from "vitest";
import { reasonCopy } from "@/lib/preview/reasons";
import type { Snapshot } from "@/lib/preview/record";
import { shownReason } from "@/lib/preview/shown-reason";
import { aSnapshot, NOW, states } from "@/tests/support/records";

const code = (snapshot: Snapshot) => shownReason(snapshot).code;
const atRest = ["absent", "paused", "expired", "failed"] as const;

test("a reason comes with its own words and the action that helps", () => {
  expect(shownReason(aSnapshot("paused"))).toStrictEqual({ code: "idle", ...reasonCopy.idle });
});

describe("a suspension", () => {
  const suspended = { suspendedBecause: "The invoice is unpaid." };

  test("is told in every state, with the operator's reason after the words for all", () => {
    for (const state of states) {
      const { code: shown, message } = shownReason({ ...aSnapshot(state), ...suspended });

      expect([state, shown]).toEqual([state, "suspended"]);
      expect(message).toBe(`${reasonCopy.suspended.message} The reason given: The invoice is unpaid.`);
    }
  });

  test("for no reason that was given is told without one", () => {
    expect(shownReason({ ...aSnapshot("paused"), suspendedBecause: "" }).message).toBe(
      reasonCopy.suspended.message,
    );
  });

  test("that was lifted is not told any more of what rests since then, nor of what it once refused", () => {
    for (const state of atRest) {
      expect(code(aSnapshot(state, { reason: "suspended" }))).toBe("asked");
      const refused = aSnapshot(state, { refusedBecause: "suspended", reason: "idle" });
      expect(code(refused)).toBe("idle");
      expect(code({ ...refused, isCreatingStopped: true })).toBe("idle");
    }
  });

  test("is not told of one who waits in line: that is over before the line is asked", () => {
    expect(code({ ...aSnapshot("paused"), ...suspended, line: { position: 1 } })).toBe("no-place");
  });
});

describe("what refused the last open", () => {
  test.each(atRest)("is told of one that is %s, with the action that helps against it", (state) => {
    const shown = shownReason(aSnapshot(state, { refusedBecause: "user-limit" }));

    expect(shown).toMatchObject({
      code: "user-limit",
      action: "open",
      message: reasonCopy["user-limit"].message,
    });
  });

  test("is not told of one that runs or moves: it was let run since, or somebody is at work on it", () => {
    expect(code(aSnapshot("running", { refusedBecause: "user-limit" }))).toBe("requested");
    expect(code(aSnapshot("resuming", { refusedBecause: "user-limit" }))).toBe("returned");
  });

  test("is told of a switch only for as long as it is turned", () => {
    const refused = aSnapshot("paused", { refusedBecause: "creating-stopped" });

    expect(code({ ...refused, isCreatingStopped: true })).toBe("creating-stopped");
    expect(code(refused)).toBe("idle");
  });

  test("tells what failed in the project's other starts, where that is known", () => {
    const broken = { refusedBecause: "project-broken", brokenReason: "install-failed" };
    const words = reasonCopy["project-broken"].message;

    expect(shownReason(aSnapshot("absent", broken)).message).toBe(
      `${words} The last one: ${reasonCopy["install-failed"].title}. ${reasonCopy["install-failed"].message}`,
    );
    expect(shownReason(aSnapshot("absent", { ...broken, brokenReason: undefined })).message).toBe(words);
    expect(shownReason(aSnapshot("absent", { ...broken, refusedBecause: "usage-limit" })).message).toBe(
      reasonCopy["usage-limit"].message,
    );
  });
});

test("a run past the end that the provider confirmed is told as what it is, before anything of its user", () => {
  const over = { ...aSnapshot("running", { endsAt: NOW }), suspendedBecause: "The invoice is unpaid." };

  expect(shownReason(over)).toStrictEqual({ code: "provider-paused", ...reasonCopy["provider-paused"] });
  expect(code(aSnapshot("running", { endsAt: NOW + 1 }))).toBe("requested");
});
