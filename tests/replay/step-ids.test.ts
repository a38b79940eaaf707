/** Every id under which a run may remember a step is known, and none goes or comes back without a reason. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createWorld } from "@/tests/support/world";
import { familiesOf, idProblems, readAccepted, readHistories, recordedFunctions } from "./history-files";
import { composed, lives } from "./lives/all";

const functionsFolder = new URL("../../functions/", import.meta.url);

/** The ids that stand in the functions' sources, with # for whatever is computed into them. */
function writtenIds(): string[] {
  const call =
    /\b(?:act|sendEvent|sleep|sleepUntil|acquireAs|pollUntilDone|ask)\(\s*(?:"([^"]+)"|`([^`]+)`)|\bstep\.\w+\(\s*(?:"([^"]+)"|`([^`]+)`)/g;
  return readdirSync(functionsFolder)
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => [...readFileSync(new URL(name, functionsFolder), "utf8").matchAll(call)])
    .map(([, ...groups]) => (groups.find((group) => group !== undefined) ?? "").replace(/\$\{[^}]*\}/g, "#"));
}

describe.each(recordedFunctions())("of %s", (functionId) => {
  test("every id that was ever shipped is still asked for, or was retired for a reason", () => {
    expect(idProblems(functionId, readHistories(functionId), readAccepted())).toEqual([]);
  });
});

test("every id that stands in a function's source is in a history: a new step needs a life that shows it", () => {
  const recorded = new Set(recordedFunctions().flatMap((id) => familiesOf(readHistories(id).histories)));
  const isShown = (id: string) =>
    recorded.has(id) || recorded.has(`${id}-#`) || [...recorded].some((known) => matches(id, known));

  const written = writtenIds();

  expect(written.length).toBeGreaterThan(50);
  expect(written.filter((id) => !isShown(id))).toEqual([]);
});

/** An id whose name itself is computed, such as `again-#`. */
const matches = (id: string, known: string): boolean =>
  id.includes("#") && new RegExp(`^${id.replaceAll("#", ".+")}$`).test(known);

test("every committed history is of a life that is still lived", () => {
  const names = [...lives.map(({ name }) => name), ...composed.map(({ history }) => history.life)];
  const committed = recordedFunctions().flatMap((id) => readHistories(id).histories.map(({ life }) => life));

  expect(new Set(names).size).toBe(names.length);
  expect([...new Set(committed)].toSorted()).toEqual(names.toSorted());
});

test("every function has histories", async () => {
  const { rekindle } = await createWorld();

  expect(recordedFunctions()).toEqual(rekindle.functions.map((each) => each.id()).toSorted());
});

test("everything that was accepted is about something that was recorded", () => {
  const unknown = readAccepted().filter(({ function: functionId, what }) => {
    const { ids, former } = readHistories(functionId);
    return "retired" in what
      ? !ids.includes(what.retired)
      : !former.some(({ life, until }) => life === what.life && until === what.until);
  });

  expect(unknown).toEqual([]);
});
