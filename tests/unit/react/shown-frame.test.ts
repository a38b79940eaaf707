/** Which document the frame shows. */
import { expect, test } from "vitest";
import { nextFrame } from "@/lib/react/shown-frame";
import { restingView, viewOf } from "./views";

const cameBackAt = (at: number) => ({ how: "resumed", title: "Resumed", at, tookMs: 400 });
const running = viewOf({ cameBack: cameBackAt(1) });
const shown = nextFrame(running, undefined);

test("a running preview keeps its very document from look to look", () => {
  expect(nextFrame({ ...running, serverNow: 9_999, viewers: 3 }, shown)).toBe(shown);
});

test("the next run is another document, though sandbox and address are the same", () => {
  expect(nextFrame({ ...running, cameBack: cameBackAt(2) }, shown)?.key).not.toBe(shown?.key);
});

test("another sandbox is another document", () => {
  expect(nextFrame({ ...running, sandboxId: "two" }, shown)?.key).not.toBe(shown?.key);
});

test("the document stays under the card while the preview goes to rest", () => {
  expect(nextFrame(restingView({ state: "pausing", action: "none" }), shown)).toBe(shown);
});

test("the document stays while its run is renewed, and afterwards is the very same", () => {
  const renewal = { estimateMs: 3_000, startedAt: 1 };
  for (const state of ["pausing", "resuming"] as const) {
    expect(nextFrame(restingView({ state, renewal }), shown)).toBe(shown);
  }
  expect(nextFrame(running, shown)).toBe(shown);
});

test("a renewal that ends in a start or a rest leaves no document behind", () => {
  for (const state of ["starting", "paused"] as const) {
    expect(nextFrame(restingView({ state }), shown)).toBeUndefined();
  }
});

test.each(["absent", "starting", "paused", "resuming", "expired", "failed"] as const)(
  "%s shows no document",
  (state) => {
    expect(nextFrame(restingView({ state }), shown)).toBeUndefined();
  },
);
