/** The table of transitions: every move that is ever asked for stands in it. */
import { describe, expect, test } from "vitest";
import { entering, type State, sourcesOf, stateSchema, transitions } from "@/lib/preview/transitions";

const states = stateSchema.options;
const allows = (from: State, to: State): boolean => {
  const targets: readonly State[] = transitions[from];
  return from === to || targets.includes(to);
};

const moves = Object.entries(entering).flatMap(([kind, table]) =>
  Object.entries(table).map(([from, to]) => [kind, stateSchema.parse(from), to] as const),
);

/** States that a pause passes through on the way of an open: the claim and the commit after it are two moves. */
test.each(moves)("a claim to %s enters from %s a state that the table allows: %s", (_kind, from, to) => {
  expect(allows(from, to)).toBe(true);
});

test("an open can be claimed from every state: a preview always has a way back", () => {
  expect(Object.keys(entering.open).sort()).toEqual([...states].sort());
});

test("every state can reach running", () => {
  for (const start of states) {
    const reached = new Set<State>([start]);
    for (const state of reached) for (const next of transitions[state]) reached.add(next);
    expect([start, reached.has("running")]).toEqual([start, true]);
  }
});

test("every state that runs or moves can come to rest", () => {
  for (const start of ["starting", "running", "pausing", "resuming"] as const) {
    const atRest: readonly State[] = ["paused", "expired", "failed"];
    expect(transitions[start].some((to) => atRest.includes(to))).toBe(true);
  }
});

describe("the states from which a commit may come", () => {
  test.each(states)("to %s are those of the table, and the state itself", (to) => {
    expect([...sourcesOf(to)].sort()).toEqual(states.filter((from) => allows(from, to)).sort());
    expect(sourcesOf(to)).toContain(to);
  });

  test("leave out what must never happen", () => {
    expect(sourcesOf("running")).not.toContain("failed");
    expect(sourcesOf("running")).not.toContain("expired");
    expect(sourcesOf("absent")).toEqual(["absent"]);
    expect(sourcesOf("pausing")).toEqual(["running", "pausing"]);
    expect(sourcesOf("failed")).not.toContain("running");
  });
});
