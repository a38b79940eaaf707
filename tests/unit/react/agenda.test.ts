/** When the pane calls, for every kind of state. */
import { expect, test } from "vitest";
import { agendaOf, type Situation } from "@/lib/react/agenda";
import { ASK_AFTER_MS } from "@/lib/react/attention";
import { type PaneState, paneStateSchema } from "@/lib/react/pane-view";

const situation: Situation = {
  attention: "present",
  state: "running",
  isOpening: false,
  isRefused: false,
  beatEveryMs: 30_000,
  lastLookAt: 100_000,
  lastBeatAt: 90_000,
  lastInputAt: 80_000,
  failures: 0,
};

const lookAfterMs = (changes: Partial<Situation>) =>
  (agendaOf({ ...situation, ...changes }).lookAt ?? 0) - 100_000;

test.each<[PaneState, number]>([
  ["starting", 1_000],
  ["resuming", 1_000],
  ["pausing", 1_000],
  ["running", 5_000],
  ["absent", 15_000],
  ["paused", 15_000],
  ["expired", 15_000],
  ["failed", 15_000],
])("%s is looked at again after %i ms", (state, afterMs) => {
  expect(lookAfterMs({ state })).toBe(afterMs);
});

test("an open under way is watched every second, whatever the last state was", () => {
  expect(lookAfterMs({ state: "paused", isOpening: true })).toBe(1_000);
});

test("looks without answers grow rarer up to half a minute", () => {
  const waits = [0, 1, 2, 3, 4, 5, 20].map((failures) => lookAfterMs({ state: "starting", failures }));
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
});

test.each(paneStateSchema.options)("a hidden page plans nothing while %s", (state) => {
  expect(agendaOf({ ...situation, attention: "hidden", state })).toEqual({});
});

test("only what runs or moves gets beats", () => {
  const beaten = paneStateSchema.options.filter(
    (state) => agendaOf({ ...situation, state }).beatAt !== undefined,
  );
  expect(beaten).toEqual(["starting", "running", "pausing", "resuming"]);
});

test("a page whose person may be gone looks on but beats no more", () => {
  const agenda = agendaOf({ ...situation, attention: "unsure" });
  expect(agenda).toEqual({ lookAt: 105_000 });
});

test("the question is planned thirty minutes after the last input", () => {
  expect(agendaOf(situation).askAt).toBe(80_000 + ASK_AFTER_MS);
});

test.each([
  [0, 1_000],
  [1, 1_000],
  [2, 5_000],
  [40, 5_000],
])("at position %i in line it is looked at again after %i ms", (linePosition, afterMs) => {
  expect(lookAfterMs({ state: "absent", linePosition })).toBe(afterMs);
});

test.each(["present", "quiet", "unsure", "hidden"] as const)(
  "a %s page whose preview stands in line goes on beating, or it would lose its turn",
  (attention) => {
    const agenda = agendaOf({ ...situation, attention, state: "paused", linePosition: 3 });
    expect(agenda.beatAt).toBe(120_000);
    expect(agenda.lookAt === undefined).toBe(attention === "hidden");
  },
);

test("a page that was refused beats no more, in line or not", () => {
  const agenda = agendaOf({ ...situation, state: "paused", linePosition: 3, isRefused: true });
  expect(agenda.beatAt).toBeUndefined();
});
