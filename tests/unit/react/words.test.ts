/** The pane's own words. */
import { expect, test } from "vitest";
import { paneStateSchema } from "@/lib/react/pane-view";
import { filesNotes, stateWord } from "@/lib/react/words";

test("a renewal is never called a rest", () => {
  const renewal = { estimateMs: 3_000, startedAt: 1 };
  for (const state of ["pausing", "resuming"] as const)
    expect(stateWord({ state, renewal })).toBe("Renewing");
});

test("every state has a word", () => {
  for (const state of paneStateSchema.options) expect(stateWord({ state })).toMatch(/^[A-Z]/);
});

const unsaved = { revision: "r1", unsaved: 2 };

test("files that could not be given back are said to be kept, unless their sandbox is gone", () => {
  expect(filesNotes({ state: "paused", files: unsaved })).toEqual([
    "2 files could not be given back to the project yet; what was changed is kept in the sandbox.",
  ]);
  expect(filesNotes({ state: "expired", files: unsaved })).toEqual([
    "2 files of it had not been given back to the project.",
  ]);
});

test("newer files that wait are said to come by themselves", () => {
  const files = { revision: "r1", syncAskedAt: 1 };
  expect(filesNotes({ state: "paused", files })).toEqual([
    "Newer files wait for it, and come when it runs again.",
  ]);
});

test("nothing is said where all is in the project", () => {
  expect(filesNotes({ state: "paused", files: { revision: "r1", savedAt: 1 } })).toEqual([]);
  expect(filesNotes({ state: "absent" })).toEqual([]);
});

test("a wait for a place is called that in every state, with the same words however the line moves, so that it is spoken once", () => {
  for (const state of paneStateSchema.options) {
    for (const position of [0, 1, 7]) {
      expect(stateWord({ state, line: { position, since: 1 } })).toBe("Waiting for a place");
    }
  }
});
