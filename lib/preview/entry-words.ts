/**
 * Owns how one entry of a preview's history reads: a title and a sentence with its reason, who or what did it, and how
 * long. Pure; cannot fail; the compiler refuses an entry without words. It must never say that something is lost which
 * was not looked for.
 */
import { spanText } from "../duration-words";
import { type Actor, actorOf, type HistoryEntry, type Moved } from "./history";
import { reasonCopy } from "./reasons";
import { cameBackTitle, honestReason } from "./titles";
import type { State } from "./transitions";

export interface ToldEntry {
  /** Milliseconds since the epoch, by the server's clock. */
  readonly at: number;
  readonly title: string;
  readonly detail: string;
}

export function entryWords(entry: HistoryEntry): ToldEntry {
  return { at: entry.at, ...wordsOf(entry) };
}

type Words = Omit<ToldEntry, "at">;
type NotSaved = Extract<HistoryEntry, { kind: "not-saved" }>;

function wordsOf(entry: HistoryEntry): Words {
  switch (entry.kind) {
    case "moved":
      return movedWords(entry);
    case "held":
      return {
        title: "An agent works here",
        detail: `Hold “${entry.by}”, for ${spanText(entry.until - entry.at)} at the longest.`,
      };
    case "released":
      return { title: "An agent is done", detail: `Hold “${entry.by}” was given back.` };
    case "saved":
      return {
        title: "Files saved",
        detail: `${filesText(entry.files)} given back to the project: revision ${shortRevision(entry.revision)}.`,
      };
    case "not-saved":
      return {
        title: "Files not saved",
        detail: `${filesText(entry.files)} not given back: ${notSavedWhy[entry.why]}.`,
      };
    case "synced":
      return { title: "Newer files brought", detail: syncedText(entry) };
    case "put-aside":
      return {
        title: "A damaged sandbox was put aside",
        detail: `After its pause it was found damaged (${entry.what.replaceAll("-", " ")}). It is kept, paused: ${entry.sandboxId}.`,
      };
    case "kept":
      return {
        title: "Kept beyond its time",
        detail: `It has rested for longer than sandboxes are kept, and what is in it could not be shown to be saved. It stays, paused: ${entry.sandboxId}.`,
      };
  }
}

function movedWords(entry: Moved): Words {
  const { from, to, by, afterMs, cameBack, tookMs } = entry;
  const reason = honestReason({ state: to, reason: entry.reason });
  const who = `By ${actorWords[actorOf(by)]}`;
  if (to === "running") {
    const how = cameBack ? `${cameBackTitle(cameBack, reason)}. ` : "";
    const took = tookMs === undefined ? "" : `, in ${spanText(tookMs)}`;
    return { title: reason === "renewed" ? "Renewed" : "Running", detail: `${how}${who}${took}.` };
  }
  const before = pastWords[from];
  const after = before ? `, after ${spanText(afterMs)} ${before}` : "";
  if (reason === "renewal") {
    // Two of these for each renewal: neither may read as a rest.
    return {
      title: to === "pausing" ? "Renewing its run" : "Renewing its run: waking up",
      detail: `${who}${after}.`,
    };
  }
  return {
    title: movedTitles[to],
    detail: `${reasonCopy[reason].title}. ${who}${after}.`,
  };
}

const movedTitles: Readonly<Record<Exclude<State, "running">, string>> = {
  absent: "Not started",
  starting: "Starting",
  pausing: "Going to rest",
  paused: "At rest",
  resuming: "Waking up",
  expired: "Sandbox gone",
  failed: "Did not start",
};

/** What it had been doing until then; nothing to say of one that had never been. */
const pastWords: Readonly<Record<State, string | undefined>> = {
  absent: undefined,
  starting: "of starting",
  running: "of running",
  pausing: "of going to rest",
  paused: "of rest",
  resuming: "of waking up",
  expired: "without a sandbox",
  failed: "since it failed",
};

const actorWords: Readonly<Record<Actor, string>> = {
  person: "a person",
  agent: "an agent",
  product: "an event of the product",
  idle: "the watch over idleness",
  leaving: "the watch over who leaves",
  renewal: "the watch over its run",
  operator: "an operator",
  sweep: "a look of the sweep",
  sync: "newer files",
  audit: "the audit",
};

const notSavedWhy: Readonly<Record<NotSaved["why"], string>> = {
  "stale-base": "the project has newer ones by now. What was changed stays in the sandbox",
  "not-supported": "the project takes no changes back. What was changed stays in the sandbox",
  "left-out": "too large, or of a kind that cannot be carried. What was changed stays in the sandbox",
  failed:
    "the store behind the project did not take them. What was changed stays in the sandbox, and the next pause tries again",
};

function syncedText({ files, revision, overwritten }: Extract<HistoryEntry, { kind: "synced" }>): string {
  const came = `${filesText(files)} of revision ${shortRevision(revision)}.`;
  return overwritten === 0
    ? came
    : `${came} ${filesText(overwritten)} had unsaved changes, which are kept aside in the sandbox.`;
}

export const filesText = (count: number): string => `${count} ${count === 1 ? "file" : "files"}`;

/** Enough to tell revisions apart; most are hashes. */
const shortRevision = (revision: string): string => revision.slice(0, 7);
