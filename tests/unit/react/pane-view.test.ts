/** What the browser accepts of the server's answers. */
import { expect, expectTypeOf, test } from "vitest";
import { stateSchema } from "@/lib/preview/transitions";
import type { PreviewView } from "@/lib/preview/view";
import { type PaneView, paneStateSchema, parsePaneView } from "@/lib/react/pane-view";
import { viewOf } from "./views";

test("every view that the server makes is one that the pane shows", () => {
  expectTypeOf<PreviewView>().toExtend<PaneView>();
  expect(paneStateSchema.options).toEqual(stateSchema.options);
});

test("a reason that is newer than the tab is shown with its words", () => {
  const reason = { code: "a-reason-of-next-year", title: "New", message: "Newer than this tab." };
  expect(parsePaneView(JSON.parse(JSON.stringify(viewOf({ reason }))))?.reason).toEqual(reason);
});

test.each([
  ["no object", "<html>"],
  ["a state that the pane cannot act on", { ...viewOf(), state: "dreaming" }],
  ["no server time", { ...viewOf(), serverNow: undefined }],
  ["an address that is a script", { ...viewOf(), url: "javascript:alert(1)" }],
  ["an interval that would never end", { ...viewOf(), beatEveryMs: 0 }],
])("%s is not a view", (_, answer) => {
  expect(parsePaneView(answer)).toBeUndefined();
});
