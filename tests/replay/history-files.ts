/**
 * Owns the committed histories: what runs of each function remember, a JSON file for each function, and the changes to
 * them that somebody has answered for. It must never lose what was once shipped: recording again keeps a history that
 * changed among the former ones, and every id. Fails closed: a file of another shape throws.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";

const stepSchema = z.strictObject({
  /** As its author wrote it; Inngest knows it by the hash of this. A repeated one has its number behind a colon. */
  id: z.string(),
  op: z.enum(["run", "send", "sleep"]),
  /** What the run remembers of it, with placeholders; absent for a sleep, and for a step that it is still in. */
  result: z.unknown().optional(),
});

const historySchema = z.strictObject({
  /** What happens in it; with `run`, when several of its runs differ, its name within the function. */
  life: z.string(),
  run: z.number(),
  /** Numbers that the function read between its steps, where they were not the shipped ones. */
  policy: z.record(z.string(), z.number()).optional(),
  event: z.strictObject({ name: z.string(), data: z.record(z.string(), z.unknown()) }),
  steps: z.array(stepSchema),
  /** `waiting`: it sleeps in its last step, or was cancelled there; `thrown`: it ended with an error after its last step. */
  end: z.enum(["completed", "thrown", "waiting"]),
});

const fileSchema = z.strictObject({
  /** Every step id that was ever shipped, with # for a round's number. Only added to. */
  ids: z.array(z.string()),
  histories: z.array(historySchema),
  /** As runs of older deploys remember it. Only added to. */
  former: z.array(historySchema.extend({ until: z.string() })),
});

const acceptedSchema = z.strictObject({
  changes: z.array(
    z.strictObject({
      function: z.string(),
      /** An id that no run asks for any more (# for a round's number), or a former history (`life`, `until`). */
      what: z.union([
        z.strictObject({ retired: z.string() }),
        z.strictObject({ life: z.string(), until: z.string() }),
      ]),
      /** A date. */
      at: z.iso.date(),
      /** Why no run in flight is harmed. */
      why: z.string().min(20),
    }),
  ),
});

export type RecordedStep = z.infer<typeof stepSchema>;
export type RecordedHistory = z.infer<typeof historySchema>;
export type FormerHistory = RecordedHistory & { readonly until: string };
export type HistoryFile = z.infer<typeof fileSchema>;
export type Accepted = z.infer<typeof acceptedSchema>["changes"];

const folder = fileURLToPath(new URL("./histories/", import.meta.url));
const pathOf = (functionId: string) => `${folder}${functionId}.json`;

export const recordedFunctions = (): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => name.slice(0, -".json".length))
    .sort();

/** Nothing of a function that was never recorded. */
export function readHistories(functionId: string): HistoryFile {
  const path = pathOf(functionId);
  if (!existsSync(path)) return { ids: [], histories: [], former: [] };
  return fileSchema.parse(JSON.parse(readFileSync(path, "utf8")));
}

export const readAccepted = (): Accepted =>
  acceptedSchema.parse(JSON.parse(readFileSync(new URL("./accepted.json", import.meta.url), "utf8"))).changes;

export function writeHistories(functionId: string, file: HistoryFile): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(pathOf(functionId), `${readable(file, "")}\n`);
}

const LINE = 105;

/** A step to a line, where it fits. */
function readable(value: unknown, indent: string): string {
  const line = JSON.stringify(value, null, 1).replace(/\n\s*/g, " ");
  if (typeof value !== "object" || value === null || indent.length + line.length <= LINE) return line;
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((each) => readable(each, inner))
    : Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${readable(each, inner)}`);
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${indent}${close}`;
}

/** `poll-install-3` and `poll-install-4` are one id of its author's. */
export const familyOf = (id: string): string => id.replace(/:\d+$/, "").replace(/-\d+(?=-|$)/g, "-#");

export const familiesOf = (histories: readonly RecordedHistory[]): string[] =>
  [...new Set(histories.flatMap(({ steps }) => steps.map(({ id }) => familyOf(id))))].sort();

/** Somebody has answered for what runs that remember this history do now. */
export const isAccepted = (functionId: string, history: FormerHistory, accepted: Accepted): boolean =>
  accepted.some(({ function: of, what }) => {
    if (of !== functionId) return false;
    if ("retired" in what) return history.steps.some(({ id }) => familyOf(id) === what.retired);
    return what.life === history.life && what.until === history.until;
  });

/** A sentence for each id that is gone without a reason, came back, or was never written down. */
export function idProblems(functionId: string, file: HistoryFile, accepted: Accepted): readonly string[] {
  const retired = accepted.flatMap(({ function: of, what }) =>
    of === functionId && "retired" in what ? [what.retired] : [],
  );
  const asked = familiesOf(file.histories);
  const gone = file.ids.filter((id) => !asked.includes(id) && !retired.includes(id));
  const back = asked.filter((id) => retired.includes(id));
  const unknown = [...asked, ...familiesOf(file.former)].filter((id) => !file.ids.includes(id));
  return [
    ...gone.map(
      (id) =>
        `${functionId}: no run asks for "${id}" any more. Runs in flight remember it, and do its work again under whatever ` +
        "its id is now: keep the id, or list it in tests/replay/accepted.json as retired, with why no run is harmed.",
    ),
    ...back.map(
      (id) => `${functionId}: "${id}" was retired and is used again; a run may remember what it once meant.`,
    ),
    ...unknown.map((id) => `${functionId}: "${id}" is in a history and not among the ids that were shipped.`),
  ];
}

export const isSameRun = (one: RecordedHistory, other: RecordedHistory): boolean =>
  one.life === other.life && one.run === other.run;

/** The file after a new recording: what is not as it was stays, as former; a recording of the same day replaces none. */
export function recordedAnew(
  before: HistoryFile,
  histories: readonly RecordedHistory[],
  today: string,
): HistoryFile {
  const outdated = before.histories.filter((old) => {
    const now = histories.find((each) => isSameRun(each, old));
    return !now || !isDeepStrictEqual(shapeOf(now), shapeOf(old));
  });
  return {
    ids: [...new Set([...before.ids, ...familiesOf(histories)])].sort(),
    histories: [...histories],
    former: [...before.former, ...outdated.map((old) => ({ ...old, until: today }))],
  };
}

/** What Inngest finds a remembered step by, and how its run ends. */
export const shapeOf = ({ steps, end }: RecordedHistory) => ({
  end,
  steps: steps.map(({ id, op }) => `${op} ${id}`),
});
