/** Lists as E2B pages and filters them, by rows of e2b.md §2.5 and §3.3. */
import { expect, test } from "vitest";
import {
  type Listable,
  type ListQuery,
  listPage,
  readMetadataFilter,
} from "@/lib/local/e2b/semantics/listing";

const sandbox = (sandboxId: string, startedAt: number, changes: Partial<Listable> = {}): Listable => ({
  sandboxId,
  startedAt,
  templateId: "base",
  state: "running",
  metadata: {},
  ...changes,
});

const idsOf = (all: Listable[], query: ListQuery) =>
  listPage(all, query).items.map(({ sandboxId }) => sandboxId);

test("§3.3 a metadata query is decoded three times in all", () => {
  const onWire = "app%3Ddemo%26user%252520id%3Du%2525201%252526x";
  expect(readMetadataFilter(decodeURIComponent(onWire))).toEqual({ app: "demo", "user id": "u 1&x" });
});

test("§3.3 a metadata query that is not pairs is refused", () => {
  expect(() => readMetadataFilter("app")).toThrow("invalid key value pair in query");
});

test("§2.5 metadata matches exactly and all of it", () => {
  const all = [
    sandbox("a", 1, { metadata: { app: "x", env: "1" } }),
    sandbox("b", 2, { metadata: { app: "x" } }),
  ];
  expect(idsOf(all, { metadata: { app: "x", env: "1" } })).toEqual(["a"]);
});

test("§2.5 both states are listed, newest first, unless told otherwise", () => {
  const all = [sandbox("a", 1), sandbox("b", 2, { state: "paused" }), sandbox("c", 3)];
  expect(idsOf(all, {})).toEqual(["c", "b", "a"]);
  expect(idsOf(all, { order: "asc" })).toEqual(["a", "b", "c"]);
  expect(idsOf(all, { states: new Set(["paused"]) })).toEqual(["b"]);
});

test.each(["asc", "desc"] as const)("§2.5 pages in order %s show each sandbox once", (order) => {
  const all = ["a", "b", "c", "d", "e"].map((id, at) => sandbox(id, at < 3 ? 1 : 2));
  const seen: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = listPage(all, { order, limit: 2, nextToken });
    seen.push(...page.items.map(({ sandboxId }) => sandboxId));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  // What started at the same time is ordered by id, and ascending is the exact reverse (INFRA sandboxes_list.go).
  const newestFirst = ["d", "e", "a", "b", "c"];
  expect(seen).toEqual(order === "desc" ? newestFirst : newestFirst.reverse());
});

test("§2.5 a token of another order is refused", () => {
  const { nextToken } = listPage([sandbox("a", 1), sandbox("b", 2)], { limit: 1 });
  expect(() => listPage([], { order: "asc", nextToken })).toThrow("Invalid next token");
});

test("§3.3 the total counts running ones on all pages", () => {
  const all = [sandbox("a", 1), sandbox("b", 2), sandbox("c", 3, { state: "paused" })];
  expect(listPage(all, { limit: 1 }).totalRunning).toBe(2);
});

test("§3.3 startedAfter and template narrow the list, and a sandbox's own start finds it", () => {
  const all = [sandbox("a", 1), sandbox("b", 2), sandbox("c", 3, { templateId: "other" })];
  expect(idsOf(all, { startedAfter: 2 })).toEqual(["c", "b"]);
  expect(idsOf(all, { startedAfter: 2, templateId: "base" })).toEqual(["b"]);
});

test.each(["", "x", Buffer.from("no-time__a").toString("base64url")])(
  "§3.3 what is no token is refused: '%s'",
  (nextToken) => {
    expect(() => listPage([], { nextToken })).toThrow(expect.objectContaining({ status: 400 }));
  },
);
