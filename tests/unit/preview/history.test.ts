/** How the stream of a preview's history is read: each kind as it is written, and nothing else. */
import { describe, expect, test } from "vitest";
import { actorOf, parseHistory } from "@/lib/preview/history";

type Fields = Readonly<Record<string, string | number>>;

/** As `remember` in the prelude writes it. */
const streamed = (kind: string, fields: Fields, id = "1767268800000-0") => [
  id,
  ["kind", kind, "fields", Object.entries(fields).flat().join("\n")],
];
const read = (kind: string, fields: Fields) => parseHistory([streamed(kind, fields)]);

const moved = { from: "running", to: "pausing", reason: "idle", by: "idle-1", afterMs: 600_000 };

describe("an entry", () => {
  test.each<[string, Fields]>([
    ["moved", moved],
    ["moved", { ...moved, to: "running", cameBack: "resumed", tookMs: 900, sandboxId: "iabcd" }],
    ["held", { by: "agent-1", until: 5 }],
    ["released", { by: "agent-1" }],
    ["saved", { revision: "r1", files: 3 }],
    ["not-saved", { files: 1, why: "stale-base" }],
    ["not-saved", { files: 1, why: "not-supported" }],
    ["not-saved", { files: 1, why: "left-out" }],
    ["not-saved", { files: 1, why: "failed" }],
    ["synced", { revision: "r1", files: 3, overwritten: 0 }],
    ["put-aside", { sandboxId: "iabcd", what: "missing-file" }],
    ["kept", { sandboxId: "iabcd" }],
  ])("that tells of %s %j is read as it was written, at the stream's own time", (kind, fields) => {
    expect(read(kind, fields)).toStrictEqual([{ kind, ...fields, at: 1_767_268_800_000 }]);
  });

  test.each<[string, Fields]>([
    ["held", { by: "agent-1" }],
    ["released", {}],
    ["saved", { revision: "r1" }],
    ["saved", { files: 1 }],
    ["not-saved", { files: 1, why: "for-fun" }],
    ["synced", { revision: "r1", files: 3 }],
    ["put-aside", { sandboxId: "iabcd" }],
    ["put-aside", { what: "seal" }],
    ["kept", {}],
    ["moved", { ...moved, to: "nowhere" }],
    ["moved", { ...moved, reason: "for-fun" }],
    ["an-entry-of-newer-code", { by: "x" }],
  ])("that tells of %s %j is left out: what it means is not known", (kind, fields) => {
    expect(read(kind, fields)).toEqual([]);
  });

  test.each(["", "x", "1x", "x1", "-1", "1.5", "12345678901234567"])(
    "with the number %j is left out",
    (files) => {
      expect(read("saved", { revision: "r1", files })).toEqual([]);
    },
  );

  test("keeps its order, and a name without its value at the end counts for nothing", () => {
    const cut = ["3-0", ["kind", "released", "fields", "by\na\nuntil"]];

    expect(parseHistory([cut, streamed("kept", { sandboxId: "iabcd" }, "2-7")])).toEqual([
      { kind: "released", by: "a", at: 3 },
      { kind: "kept", sandboxId: "iabcd", at: 2 },
    ]);
  });
});

test.each([
  null,
  "OK",
  [["1-0"]],
  [["1-0", ["kind", "kept"]]],
  [["1-0", ["sort", "kept", "fields", ""]]],
  [["1-0", ["kind", "kept", "lines", ""]]],
  [[1, ["kind", "kept", "fields", ""]]],
])("what is no stream (%j) is refused and not taken for an empty history", (answer) => {
  expect(() => parseHistory(answer)).toThrow();
});

test.each([
  ["route-01", "person"],
  ["agent-01", "agent"],
  ["hold-01", "agent"],
  ["open-01", "product"],
  ["idle-01-0", "idle"],
  ["left-01", "leaving"],
  ["renew-01", "renewal"],
  ["check-01", "sweep"],
  ["sync-01", "sync"],
  ["operator-01", "operator"],
  ["rest-01", "operator"],
  ["audit-01", "audit"],
  ["something-else", "product"],
  ["", "product"],
])("the claim %j was taken by: %s", (by, actor) => {
  expect(actorOf(by)).toBe(actor);
});
